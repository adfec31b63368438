// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import io.vhost4j.VhostDevice;
import io.vhost4j.vdpa.VdpaDevice;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Doorbells that the guest may ring itself. */
public final class Doorbells {
    private static final Logger LOG = LoggerFactory.getLogger(Doorbells.class);

    private Doorbells() {}

    /**
     * Offers a ring's doorbell to the guest, or takes it back, if there is one that can be mapped. Does not wait: what the guest notifies of
     * meanwhile, or if it does not take the doorbell, arrives on the kick descriptor.
     */
    public static void offer(VdpaDevice hardware, VhostDevice device, int queueId, boolean enable) {
        if (hardware.getNotifyArea(device, queueId) == null) {
            return;
        }
        CompletableFuture<Void> _ = device.hostNotifierCtrl(queueId, enable)
                .whenComplete((done, failure) -> LOG.debug(
                        "{}: ring {}: doorbell {}",
                        hardware.identity().name(),
                        queueId,
                        failure == null ? "is the guest's: " + enable : failure.getMessage()));
    }
}
