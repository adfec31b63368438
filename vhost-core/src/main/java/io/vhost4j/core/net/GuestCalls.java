// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.Ring;

/** Notifications of a queue's guest that do not come with a burst, and how many bursts may go without. Any thread, outside the gate. */
public final class GuestCalls {
    private final NetQueue queue;
    private final QueueGate gate;
    private final GuestNotifier notifier;

    GuestCalls(NetQueue queue, QueueGate gate, GuestNotifier notifier) {
        this.queue = queue;
        this.gate = gate;
        this.notifier = notifier;
    }

    /** See {@link io.vhost4j.VhostDevice#vringCall}. */
    public void vringCall() {
        gate.close();
        Notice notice;
        try {
            notice = ifWanted();
        } finally {
            gate.open();
        }
        queue.afterBurst(notice);
    }

    /** See {@link io.vhost4j.VhostDevice#vringCallNonblock}. */
    public boolean tryVringCall() {
        if (!gate.tryEnter()) {
            return false;
        }
        Notice notice;
        try {
            notice = ifWanted();
        } finally {
            gate.leave();
        }
        queue.afterBurst(notice);
        return true;
    }

    /** Inside the gate. */
    private Notice ifWanted() {
        Ring ring = queue.soundRing();
        if (ring == null) {
            return Notice.NONE;
        }
        try {
            Notice notice = notifier.onRequest(ring);
            HostWindow.settle();
            return notice;
        } catch (InternalError e) {
            queue.memoryGone();
            return Notice.NONE;
        }
    }

    /** See {@link io.vhost4j.VhostDevice#coalesceCalls}. */
    public void coalesce(int chains, long nanos) {
        gate.close();
        try {
            notifier.coalesce(chains, nanos);
        } finally {
            gate.open();
        }
    }

    /** See {@link io.vhost4j.VhostDevice#notifyGuest}. */
    public void notifyGuest() {
        gate.close();
        Notice notice;
        try {
            notice = notifier.signal();
        } finally {
            gate.open();
        }
        queue.afterBurst(notice);
    }
}
