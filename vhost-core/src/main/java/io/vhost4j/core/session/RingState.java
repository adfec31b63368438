// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.protocol.FrontendRequest.RingAddresses;
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

    private @Nullable EventFd call;
    private @Nullable EventFd err;
    private @Nullable OwnedFd kick;
    private volatile int kickFd = -1;

    RingState(int index, NetQueue queue) {
        this.index = index;
        this.queue = queue;
    }

    /** Whether burst calls can move packets. */
    boolean ready() {
        return queue.started() && enabled && !queue.broken();
    }

    /** The descriptor that the guest's notifications arrive on, -1 if there is none. Any thread. */
    int kickFd() {
        return kickFd;
    }

    void replaceKick(@Nullable OwnedFd next) {
        OwnedFd old = kick;
        kick = next;
        kickFd = next == null ? -1 : next.fd();
        if (old != null) {
            old.close();
        }
    }

    void replaceCall(@Nullable EventFd next) {
        EventFd old = call;
        call = next;
        queue.pause();
        try {
            queue.setCall(next);
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
        return (kick == null ? 0 : 1) + (call == null ? 0 : 1) + (err == null ? 0 : 1);
    }

    /** Tells the front-end that the ring is broken, if it wants to know. */
    void signalError() {
        EventFd current = err;
        if (current != null) {
            current.signal();
        }
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
        addresses = null;
        replaceKick(null);
        replaceCall(null);
    }
}
