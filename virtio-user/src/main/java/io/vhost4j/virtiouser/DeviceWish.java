// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

/**
 * What the device shall be like.
 *
 * @param pairs queue pairs
 * @param size descriptors of each ring
 * @param packed whether rings are packed
 * @param interrupts whether the back-end calls when it has used receive buffers
 * @param required virtio features without which there is no device
 * @param wanted virtio features that are used if offered
 * @param mtu bytes
 * @param inflight whether an in-flight buffer is used if offered
 */
record DeviceWish(
        int pairs,
        int size,
        boolean packed,
        boolean interrupts,
        long required,
        long wanted,
        int mtu,
        boolean inflight) {
    /** The same with other virtio features. */
    DeviceWish withFeatures(long newRequired, long newWanted) {
        return new DeviceWish(pairs, size, packed, interrupts, newRequired, newWanted, mtu, inflight);
    }
}
