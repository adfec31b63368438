// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.vdpa.NotifyArea;
import io.vhost4j.vdpa.VdpaDevice;
import java.util.concurrent.CompletableFuture;

/** Doorbells of a vDPA device that the guest rings itself. Any thread. */
final class HostNotifiers {
    private static final long PROTOCOL = ProtocolFeature.maskOf(
            ProtocolFeature.HOST_NOTIFIER, ProtocolFeature.BACKEND_REQ, ProtocolFeature.BACKEND_SEND_FD);

    private HostNotifiers() {}

    /** See {@link VhostDevice#hostNotifierCtrl}. */
    static CompletableFuture<Void> control(VhostDevice device, int queueId, boolean enable) {
        VdpaDevice hardware = device.getVdpaDevice();
        long features = device.getNegotiatedProtocolFeatures();
        if (hardware == null) {
            return refused(queueId, "no vDPA device serves the rings");
        }
        if ((features & PROTOCOL) != PROTOCOL || !VirtioFeature.VERSION_1.in(device.getNegotiatedFeatures())) {
            return refused(
                    queueId, "VERSION_1 and " + ProtocolFeature.setOf(PROTOCOL) + " must be negotiated, and are not");
        }
        if (!enable) {
            return device.backendRequests().vringHostNotifier(queueId, -1, 0, 0);
        }
        NotifyArea area = hardware.getNotifyArea(device, queueId);
        int fd = hardware.getVfioDeviceFd(device);
        if (area == null || fd < 0) {
            return refused(queueId, "the device has no doorbell that can be mapped");
        }
        return device.backendRequests().vringHostNotifier(queueId, fd, area.size(), area.offset());
    }

    private static CompletableFuture<Void> refused(int queueId, String why) {
        return CompletableFuture.failedFuture(
                new VhostException("queue=" + queueId + ": the guest cannot ring the doorbell itself: " + why));
    }
}
