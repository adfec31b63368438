// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.protocol.FrontendRequest.RingAddresses;
import io.vhost4j.core.ring.RingSetup;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the front-end said about one ring. Event thread only, but for the queue and {@link #kickFd}.
 *
 * <p>Started and enabled are two independent states. A ring is to run from SET_VRING_KICK on until GET_VRING_BASE; it does run
 * while, besides, all is known and its memory is mapped.
 */
final class RingState {
    final int index;
    final NetQueue queue;

    int size;
    int base;

    @Nullable
    RingAddresses addresses;

    boolean kicked;
    boolean enabled;

    /** Whether the application was told that the ring is enabled. */
    boolean reported;

    /** Whether the vDPA device was told that the ring is ready. */
    boolean toldDevice;

    /** Whether the ring ran before over this connection. */
    boolean served;

    /** Whether the front-end said how it wants to be notified, if only that it does not. */
    boolean callGiven;

    /** Whether the front-end said how it notifies us, if only that we are to poll. */
    private boolean kickGiven;

    // written while paused
    private @Nullable RingSetup placed;
    private int starts;

    private @Nullable EventFd call;
    private @Nullable EventFd err;
    private @Nullable OwnedFd kick;
    /** What stands for the guest's notifications where they are messages. */
    private @Nullable EventFd kickByMessage;

    private volatile int kickFd = -1;
    private volatile int callFd = -1;

    RingState(int index, NetQueue queue) {
        this.index = index;
        this.queue = queue;
    }

    /**
     * Does something with the ring while the event thread cannot change it. Any thread, with no ring paused.
     *
     * @throws VhostException if the ring does not run, or its memory is gone
     */
    <T> T whileRunning(Function<RingSetup, T> action) {
        queue.pause();
        try {
            RingSetup now = placed;
            if (now == null || !queue.started()) {
                throw new VhostException("queue=" + index + ": the ring does not run");
            }
            return action.apply(now);
        } catch (InternalError e) {
            throw new VhostException(
                    "queue=" + index + ": memory is not there any more; its file may have been truncated", e);
        } finally {
            queue.resume();
        }
    }

    /** The ring was started. While paused. */
    void started(RingSetup setup) {
        placed = setup;
        starts++;
    }

    /** The ring runs on elsewhere. While paused. */
    void moved(RingSetup setup) {
        placed = setup;
    }

    /** How often the ring has started. While paused. */
    int starts() {
        return starts;
    }

    /** Whether burst calls can move packets. */
    boolean ready() {
        return queue.started() && enabled && !queue.broken();
    }

    /** The descriptor that the guest's notifications arrive on, -1 if there is none. Any thread. */
    int kickFd() {
        return kickFd;
    }

    /** The descriptor that the guest is notified by, -1 if there is none. Any thread. */
    int callFd() {
        return callFd;
    }

    /** Takes what the front-end notifies by, null to poll. */
    void giveKick(@Nullable OwnedFd next) {
        kickGiven = true;
        replaceKick(next);
    }

    /** The guest notifies by a message: whoever waits for the descriptor is woken. */
    void kickByMessage() {
        if (kickGiven) {
            return;
        }
        EventFd event = kickByMessage;
        if (event == null) {
            event = EventFd.create();
            kickByMessage = event;
            kickFd = event.fd();
        }
        event.signal();
    }

    private void replaceKick(@Nullable OwnedFd next) {
        EventFd replaced = kickByMessage;
        if (replaced != null) {
            kickByMessage = null;
            replaced.close();
        }
        OwnedFd old = kick;
        kick = next;
        kickFd = next == null ? -1 : next.fd();
        if (old != null) {
            old.close();
        }
    }

    /** Exchanges what the guest is notified by. */
    void replaceCall(@Nullable EventFd next, boolean byMessage) {
        EventFd old = call;
        call = next;
        callFd = next == null ? -1 : next.fd();
        queue.pause();
        try {
            queue.setCall(next);
            queue.setCallByMessage(byMessage);
        } finally {
            queue.resume();
        }
        if (old != null) {
            old.close();
        }
    }

    void replaceErr(@Nullable EventFd next) {
        EventFd old = err;
        err = next;
        queue.pause();
        try {
            queue.setErr(next);
        } finally {
            queue.resume();
        }
        if (old != null) {
            old.close();
        }
    }

    /** File descriptors that are kept. */
    int heldFds() {
        return (kick == null && kickByMessage == null ? 0 : 1) + (call == null ? 0 : 1) + (err == null ? 0 : 1);
    }

    /**
     * Tells the front-end that the ring is broken, if it wants to know.
     *
     * @return false if it gave no descriptor for that
     */
    boolean signalError() {
        EventFd current = err;
        return current != null && current.signal();
    }

    /** Whether there is a descriptor for errors. */
    boolean hasErr() {
        return err != null;
    }

    void setEnabled(boolean value) {
        if (enabled != value) {
            enabled = value;
            queue.pause();
            try {
                queue.setEnabled(value);
            } finally {
                queue.resume();
            }
        }
    }

    void setActive(boolean value) {
        queue.pause();
        try {
            queue.setActive(value);
        } finally {
            queue.resume();
        }
    }

    /** Stops the ring, if it runs, and keeps its position. */
    void stop() {
        queue.pause();
        try {
            if (queue.started()) {
                base = queue.stop();
            }
        } finally {
            queue.resume();
        }
    }

    /** Stops the ring, closes its descriptors but for errors, which front-ends give once, and forgets where it is. */
    void shutDown() {
        stop();
        kicked = false;
        kickGiven = false;
        callGiven = false;
        addresses = null;
        replaceKick(null);
        replaceCall(null, false);
    }
}
