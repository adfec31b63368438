// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.core.net.QueueListener;
import io.vhost4j.core.ring.RingFault;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes on what happens in queues: notifications to the application at once, faults to the event thread. */
final class QueueEvents implements QueueListener {
    private static final Logger LOG = LoggerFactory.getLogger(QueueEvents.class);

    private final VhostDevice device;
    private final SessionConfig config;
    private final VhostDeviceOps ops;
    private final boolean offloads;
    private final VhostSession session;

    QueueEvents(VhostDevice device, SessionConfig config, VhostSession session) {
        this.device = device;
        this.config = config;
        this.ops = config.ops();
        this.offloads = config.offloadsGuestNotify();
        this.session = session;
    }

    @Override
    public void guestNotified(int queue) {
        ops.guestNotified(device, queue);
    }

    @Override
    public boolean guestNotify(int queue) {
        return ops.guestNotify(device, queue);
    }

    @Override
    public boolean offloadsGuestNotify() {
        return offloads;
    }

    @Override
    public boolean callByMessage(int queue) {
        return session.callByMessage(queue);
    }

    @Override
    public void channelFailed(int queue, String why) {
        if (config.throttle().permits()) {
            LOG.error("{}: ring {}: DMA channel given up, the CPU copies from now on: {}", config.ifname(), queue, why);
        }
    }

    @Override
    public void fault(int queue, RingFault fault, long value) {
        session.ringBroke(queue, fault, value);
    }
}
