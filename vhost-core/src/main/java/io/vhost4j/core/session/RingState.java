// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.QueueWaiter;
import io.vhost4j.VhostException;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.protocol.FrontendRequest.RingAddresses;
import io.vhost4j.core.ring.RingSetup;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the front-end said about one ring. Event thread only, but for the queue and the kick.
 *
 * <p>Started and enabled are two independent states. A ring is to run from SET_VRING_KICK on until GET_VRING_BASE; it does run
 * while, besides, all is known and its memory is mapped.
 */
final class RingState {
    final int index;
    final NetQueue queue;
    final RingKick kick = new RingKick();

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

    /** Whether the front-end ever said whether the ring is enabled. */
    boolean enableGiven;

    /** Whether the front-end said how it wants to be notified, if only that it does not. */
    boolean callGiven;

    // written while paused
    private @Nullable RingSetup placed;
    private int starts;

    private @Nullable EventFd call;
    private @Nullable EventFd err;

    private volatile int callFd = -1;

    // guarded by this
    private @Nullable KickWaiter waiter;
    private boolean ended;

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

    /** Sleeps until there is something to do. Any thread. */
    boolean await(Duration timeout) {
        KickWaiter now;
        synchronized (this) {
            if (ended) {
                return true;
            }
            now = waiter;
            if (now == null) {
                now = new KickWaiter(QueueWaiter.builder());
                now.add(this);
                waiter = now;
            }
        }
        return now.await(timeout);
    }

    /** At the end of the session. */
    void end() {
        queue.async().end();
        replaceErr(null);
        kick.end();
        synchronized (this) {
            ended = true;
            if (waiter != null) {
                waiter.close();
            }
        }
    }

    /** Whether burst calls can move packets. */
    boolean ready() {
        return queue.started() && enabled && !queue.broken();
    }

    /** The descriptor that the guest is notified by, -1 if there is none. Any thread. */
    int callFd() {
        return callFd;
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
        return kick.heldFds() + (call == null ? 0 : 1) + (err == null ? 0 : 1);
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
            kick.changed();
        }
    }

    void setActive(boolean value) {
        queue.pause();
        try {
            queue.setActive(value);
        } finally {
            queue.resume();
        }
        kick.changed();
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
        callGiven = false;
        addresses = null;
        kick.clear();
        replaceCall(null, false);
    }
}
