// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.core.linux.EventFd;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a ring's guest notifies by, and who sleeps until it does. The event thread changes it; sleepers come and go on any thread. A
 * descriptor leaves the sleepers' sets before it is closed: the front-end has the same file open, so closing alone would not take
 * it out.
 */
final class RingKick {
    /** Reads of a descriptor that is not a counter: each takes 8 bytes of what a front-end may have piled up. */
    private static final int MOST_READS = 64;

    /** Somebody who sleeps on kicks. Called with this object locked, so it must not call back. */
    interface Sleeper {
        /** The descriptor is to wake it. */
        void enter(int fd, long token);

        /** The descriptor is about to be closed. */
        void leave(int fd);

        /** What the sleeper knows has changed, so it shall look. */
        void wakeup();

        /** The ring is gone. */
        void forget(RingKick kick);
    }

    private record Watch(Sleeper sleeper, long token) {}

    private final List<Watch> watches = new ArrayList<>(0);
    private @Nullable EventFd event;
    /** Whether the front-end said how it notifies us, if only that we are to poll. */
    private boolean given;

    private boolean ended;

    private volatile int fd = -1;

    /** The descriptor that notifications arrive on, -1 if there is none. Any thread. */
    int fd() {
        return fd;
    }

    /** Takes what the front-end notifies by, null to poll. */
    synchronized void give(@Nullable EventFd next) {
        given = true;
        replace(next);
    }

    /** The guest notifies by a message: whoever waits for the descriptor is woken. */
    synchronized void byMessage() {
        if (given) {
            return;
        }
        EventFd now = event;
        if (now == null) {
            now = EventFd.create();
            replace(now);
        }
        now.signal();
    }

    /** Forgets what the front-end said. */
    synchronized void clear() {
        given = false;
        replace(null);
    }

    private void replace(@Nullable EventFd next) {
        EventFd old = event;
        if (old != null) {
            watches.forEach(watch -> watch.sleeper.leave(old.fd()));
        }
        event = next;
        fd = next == null ? -1 : next.fd();
        if (next != null) {
            watches.forEach(watch -> watch.sleeper.enter(next.fd(), watch.token));
        }
        if (old != null) {
            old.close();
        }
        changed();
    }

    /** Something about the ring changed. */
    synchronized void changed() {
        watches.forEach(watch -> watch.sleeper.wakeup());
    }

    /**
     * Adds a sleeper.
     *
     * @param token goes with the descriptor
     * @return false if the session has ended
     */
    synchronized boolean watch(Sleeper sleeper, long token) {
        EventFd now = event;
        if (ended) {
            return false;
        }
        if (now != null) {
            sleeper.enter(now.fd(), token);
        }
        watches.add(new Watch(sleeper, token));
        return true;
    }

    /** Removes a sleeper. */
    synchronized void unwatch(Sleeper sleeper) {
        EventFd now = event;
        if (watches.removeIf(watch -> watch.sleeper.equals(sleeper)) && now != null) {
            sleeper.leave(now.fd());
        }
    }

    /** Takes the notifications that have arrived. */
    synchronized void drain() {
        EventFd now = event;
        if (now == null) {
            return;
        }
        int reads = 0;
        while (reads < MOST_READS && now.drain() != 0) {
            reads++;
        }
    }

    /** At the end of the session. */
    synchronized void end() {
        clear();
        ended = true;
        watches.forEach(watch -> watch.sleeper.forget(this));
        watches.clear();
    }

    /** 0 or 1. */
    synchronized int heldFds() {
        return event == null ? 0 : 1;
    }
}
