// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import io.vhost4j.core.linux.Epoll;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.OwnedFd;
import java.util.ArrayList;
import java.util.List;

/**
 * Waits for event descriptors, each with a number. They may be a front-end's: nothing is read from them, so that a peer cannot make
 * this block; each signal counts once. Descriptors are duplicates of the set's own. Adding and waiting on one thread at a time, waking
 * on any.
 */
public final class KickSet implements AutoCloseable {
    private static final int MAX_EVENTS = 64;

    private final Epoll epoll = Epoll.create(MAX_EVENTS);
    private final List<OwnedFd> owned = new ArrayList<>();
    private boolean closed;

    /** Empty. */
    public KickSet() {}

    /**
     * Adds a descriptor.
     *
     * @param fd stays the caller's
     * @param number reported with its signals
     */
    public void add(int fd, int number) {
        OwnedFd copy = FileCalls.dup(fd);
        owned.add(copy);
        epoll.add(copy.fd(), Epoll.IN | Epoll.EDGE, number);
    }

    /**
     * Waits.
     *
     * @param timeoutMillis how long at most, negative for ever
     * @return how many numbers {@link #number} has
     */
    public int await(int timeoutMillis) {
        return epoll.await(timeoutMillis);
    }

    /** The number of a descriptor that was signalled. */
    public int number(int index) {
        return (int) epoll.token(index);
    }

    /** Ends the wait. Any thread; does nothing once closed. */
    public synchronized void wakeUp() {
        if (!closed) {
            epoll.wakeup();
        }
    }

    /** Closes all; the waiting thread must have left. */
    @Override
    public synchronized void close() {
        closed = true;
        try (epoll) {
            owned.forEach(OwnedFd::close);
            owned.clear();
        }
    }
}
