// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.net.QueueStats.Counter;
import io.vhost4j.core.ring.Ring;
import org.jspecify.annotations.Nullable;

/** Tells the guest of used buffers, as it wants to be told and not more often than the application wants. Used inside the gate. */
final class GuestNotifier {
    private final int index;
    private final QueueListener listener;
    private final QueueStats stats;

    private @Nullable EventFd call;
    private boolean callByMessage;
    private @Nullable EventFd logSignal;

    /** Chains after which a notification is held back no longer; 0 to hold back none. */
    private int mostHeld;

    private long longestNanos;
    private boolean isHolding;
    private long holdingSince;

    GuestNotifier(int index, QueueListener listener, QueueStats stats) {
        this.index = index;
        this.listener = listener;
        this.stats = stats;
    }

    void setCall(@Nullable EventFd fd) {
        call = fd;
    }

    void setCallByMessage(boolean value) {
        callByMessage = value;
    }

    void setLogSignal(@Nullable EventFd fd) {
        logSignal = fd;
    }

    /** Holds notifications back until there are {@code chains} used chains, or the first of them waits for {@code nanos}. */
    void coalesce(int chains, long nanos) {
        mostHeld = chains;
        longestNanos = nanos;
        isHolding = false;
    }

    /** After a burst, also one that moved nothing. */
    Notice afterBurst(Ring ring, boolean notify) {
        if (!ring.hasUnannounced()) {
            return Notice.NONE;
        }
        EventFd logged = logSignal;
        if (logged != null) {
            logged.signal();
        }
        return !notify || mostHeld != 0 && holdsBack(ring) ? Notice.NONE : ifWanted(ring);
    }

    private boolean holdsBack(Ring ring) {
        if (ring.unannounced() >= mostHeld) {
            return false;
        }
        long now = System.nanoTime();
        if (!isHolding) {
            isHolding = true;
            holdingSince = now;
        }
        return now - holdingSince < longestNanos;
    }

    private Notice ifWanted(Ring ring) {
        isHolding = false;
        if (!ring.needsNotification()) {
            stats.add(Counter.GUEST_NOTIFICATIONS_SUPPRESSED, 1);
            return Notice.NONE;
        }
        return listener.offloadsGuestNotify() ? Notice.ASK : signal();
    }

    /** On the application's request: at once, but only if the guest wants it. */
    Notice onRequest(Ring ring) {
        isHolding = false;
        return ring.needsNotification() ? signal() : Notice.NONE;
    }

    /** Whether the guest wants it or not. */
    Notice signal() {
        EventFd fd = call;
        if (fd == null && !callByMessage) {
            return Notice.NONE;
        }
        boolean signalled = fd == null ? listener.callByMessage(index) : fd.signal();
        stats.add(signalled ? Counter.GUEST_NOTIFICATIONS : Counter.GUEST_NOTIFICATIONS_ERROR, 1);
        return signalled ? Notice.SIGNALLED : Notice.NONE;
    }

    /**
     * Outside the gate: lets the application know, or asks it.
     *
     * @return whether the guest is still to be signalled
     */
    boolean tell(Notice notice) {
        if (notice == Notice.SIGNALLED) {
            listener.guestNotified(index);
        } else if (notice == Notice.ASK) {
            if (!listener.guestNotify(index)) {
                return true;
            }
            stats.add(Counter.GUEST_NOTIFICATIONS_OFFLOADED, 1);
        }
        return false;
    }
}
