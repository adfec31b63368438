// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.QueueWaiter;
import io.vhost4j.VhostDevice;
import io.vhost4j.core.linux.Epoll;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Sleeps on the kicks of rings.
 *
 * <p>Its lock is taken inside that of a {@link RingKick}, never the other way round. The set of descriptors lives until the last thread
 * that sleeps on it has left.
 */
public final class KickWaiter implements QueueWaiter, RingKick.Sleeper {
    private static final int EVENTS = 64;
    /** Rounds between two looks at the clock, a power of two. */
    private static final int CLOCK_ROUNDS = 16;
    /** How long to sleep while a guest does not notify: its ring has to be polled. */
    private static final int POLLED_MILLIS = 1;

    private final long spinNanos;
    private final long yieldNanos;
    private final Duration sleep;
    private final Epoll epoll = Epoll.create(EVENTS);

    /** Replaced, never changed. */
    private volatile Entry[] entries = {};

    private long tokens;
    private int sleepers;
    private boolean closed;

    // of the polling thread
    private int idleRounds;
    private long idleSince;

    private record Entry(RingState ring, long token) {}

    /** A waiter without rings. */
    public KickWaiter(Builder settings) {
        spinNanos = settings.spin().toNanos();
        yieldNanos = spinNanos + settings.giveWay().toNanos();
        sleep = settings.sleep();
    }

    private static RingState ringOf(VhostDevice device, int queueId) {
        if (device instanceof DeviceImpl ours) {
            return ours.ring(queueId);
        }
        throw new IllegalArgumentException(device + ": is not a device of this library");
    }

    @Override
    public void add(VhostDevice device, int queueId) {
        add(ringOf(device, queueId));
    }

    /** As {@link #add(VhostDevice, int)}. */
    void add(RingState ring) {
        Entry entry;
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("the waiter is closed");
            }
            if (Arrays.stream(entries).anyMatch(other -> other.ring == ring)) {
                return;
            }
            entry = new Entry(ring, ++tokens);
            Entry[] next = Arrays.copyOf(entries, entries.length + 1);
            next[next.length - 1] = entry;
            entries = next;
        }
        if (ring.kick.watch(this, entry.token)) {
            wakeup();
        } else {
            forget(ring.kick);
        }
    }

    @Override
    public void remove(VhostDevice device, int queueId) {
        RingState ring = ringOf(device, queueId);
        ring.kick.unwatch(this);
        forget(ring.kick);
    }

    @Override
    public synchronized void forget(RingKick kick) {
        entries =
                Arrays.stream(entries).filter(entry -> entry.ring.kick != kick).toArray(Entry[]::new);
    }

    @Override
    public synchronized void enter(int fd, long token) {
        if (!closed) {
            epoll.add(fd, Epoll.IN | Epoll.EDGE, token);
        }
    }

    @Override
    public synchronized void leave(int fd) {
        if (!closed) {
            epoll.remove(fd);
        }
    }

    @Override
    public synchronized void wakeup() {
        if (!closed) {
            epoll.wakeup();
        }
    }

    @Override
    public void idle(int moved) {
        if (moved > 0) {
            idleRounds = 0;
            return;
        }
        if (idleRounds++ % CLOCK_ROUNDS != 0) {
            Thread.onSpinWait();
            return;
        }
        long now = System.nanoTime();
        if (idleRounds == 1) {
            idleSince = now;
        }
        long idle = now - idleSince;
        if (idle >= yieldNanos) {
            await(sleep);
            // unless the next round moves something, it looks at the clock and ends in sleep again
            idleRounds = CLOCK_ROUNDS;
        } else if (idle >= spinNanos) {
            Thread.yield();
        }
    }

    @Override
    public boolean await(Duration timeout) {
        synchronized (this) {
            if (closed) {
                return true;
            }
            sleepers++;
        }
        try {
            return sleep(timeout);
        } finally {
            leaveSleep();
        }
    }

    private synchronized void leaveSleep() {
        sleepers--;
        if (closed && sleepers == 0) {
            epoll.close();
        }
    }

    private boolean sleep(Duration timeout) {
        Entry[] now = entries;
        boolean busy = false;
        boolean polled = false;
        int armed = 0;
        while (armed < now.length && !busy) {
            RingState ring = now[armed++].ring;
            busy = ring.queue.arm();
            polled |= ring.kick.fd() == -1 && ring.queue.started();
        }
        long limit = Math.min(Integer.MAX_VALUE, TimeUnit.NANOSECONDS.toMillis(timeout.toNanos() + 999_999));
        boolean isShort = polled && limit > POLLED_MILLIS;
        long start = System.nanoTime();
        int ready = busy ? 0 : epoll.await((int) (isShort ? POLLED_MILLIS : limit));
        for (int i = 0; i < armed; i++) {
            now[i].ring.queue.disarm();
        }
        for (int i = 0; i < ready; i++) {
            drain(now, epoll.token(i));
        }
        return busy || isShort || ready > 0 || System.nanoTime() - start < timeout.toNanos();
    }

    private static void drain(Entry[] now, long token) {
        for (Entry entry : now) {
            if (entry.token == token) {
                entry.ring.kick.drain();
            }
        }
    }

    @Override
    public void close() {
        for (Entry entry : entries) {
            entry.ring.kick.unwatch(this);
        }
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            entries = new Entry[0];
            if (sleepers == 0) {
                epoll.close();
            } else {
                epoll.wakeup();
            }
        }
    }
}
