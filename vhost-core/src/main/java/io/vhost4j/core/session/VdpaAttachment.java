// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VirtioFeature;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaDeviceType;

/**
 * A vDPA device that was attached to a socket, with what it could do then.
 *
 * @param device the device
 * @param features virtio features
 * @param protocolFeatures protocol features
 * @param queuePairs most queue pairs, or half the queues of another device
 * @param type what it is to the guest
 */
public record VdpaAttachment(
        VdpaDevice device, long features, long protocolFeatures, int queuePairs, VdpaDeviceType type) {
    /** What only a vDPA device makes sensible to offer. */
    private static final long PROTOCOL_OF_DEVICES = ProtocolFeature.maskOf(
            ProtocolFeature.BACKEND_SEND_FD, ProtocolFeature.HOST_NOTIFIER, ProtocolFeature.CONFIG);

    /** Asks the device. */
    public static VdpaAttachment of(VdpaDevice device) {
        int queues = device.getQueueNum();
        VdpaDeviceType type = device.getDevType();
        return new VdpaAttachment(
                device,
                // addresses that the front-end translates by messages cannot be known to a device beforehand
                device.getFeatures() & ~VirtioFeature.ACCESS_PLATFORM.mask(),
                device.getProtocolFeatures(),
                type == VdpaDeviceType.NET ? queues : (queues + 1) / 2,
                type);
    }

    /** The virtio features to offer where the driver offers {@code wanted}. */
    long offered(long wanted) {
        return wanted & features;
    }

    /** As above, for protocol features. */
    long offeredProtocol(long wanted) {
        return (wanted | PROTOCOL_OF_DEVICES) & protocolFeatures;
    }
}
