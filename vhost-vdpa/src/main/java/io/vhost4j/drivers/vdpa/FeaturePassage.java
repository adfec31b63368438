// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import io.vhost4j.VirtioFeature;

/**
 * Which virtio features pass between a front-end and a device.
 *
 * @param device what the device has
 * @param added what a front-end is offered besides: what it does with the guest, or the driver for it
 * @param keptBack what is between driver and device, or not passed on
 */
public record FeaturePassage(long device, long added, long keptBack) {
    /** What a front-end is offered. */
    public long offered() {
        return device & ~keptBack | added;
    }

    /** What the device is told that its driver has; {@code negotiated} is what the front-end chose. */
    public long acknowledged(long negotiated) {
        return device & (negotiated & ~keptBack | VirtioFeature.ACCESS_PLATFORM.mask());
    }
}
