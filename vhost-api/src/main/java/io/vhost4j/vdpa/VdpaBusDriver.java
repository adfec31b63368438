// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

import io.vhost4j.VhostDriver;

/** What uses devices of the bus. */
public interface VdpaBusDriver {
    /** Its name: {@code vhost}, {@code virtio}, {@code vfio}, or another. */
    String name();

    /**
     * Takes a device into use.
     *
     * @throws io.vhost4j.VhostException if it cannot use this device; then nothing has changed
     */
    void bind(VdpaDevice device);

    /** Gives the device back. */
    void unbind(VdpaDevice device);

    /** Gives a device to the front-ends of a vhost-user socket. The driver stays the caller's. */
    static VdpaBusDriver vhost(VhostDriver driver) {
        return new VhostBusDriver(driver);
    }
}
