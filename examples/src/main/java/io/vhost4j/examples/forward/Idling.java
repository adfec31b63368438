// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.PollPacer;
import io.vhost4j.QueueWaiter;
import io.vhost4j.VhostDevice;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a poll thread does when there is nothing to do. For that thread alone, but for {@link #wake}. */
final class Idling implements AutoCloseable {
    private static final int SPINS = 200;

    private final PollPacer pacer;
    private final @Nullable QueueWaiter waiter;
    private int rounds;

    /**
     * With {@code sleeping}, the thread costs nothing while all guests are silent; else it looks at them all the time.
     *
     * @param pause how long it leaves guests alone after a round that found little
     */
    Idling(Duration pause, boolean sleeping) {
        pacer = new PollPacer(pause);
        waiter = sleeping ? QueueWaiter.builder().build() : null;
    }

    /** The thread is going to poll the lane. */
    void watch(Lane lane) {
        VhostDevice device = awaited(lane);
        if (waiter != null && device != null) {
            waiter.add(device, ring(lane));
        }
    }

    /** The thread does not poll the lane any more. */
    void unwatch(Lane lane) {
        VhostDevice device = awaited(lane);
        if (waiter != null && device != null) {
            waiter.remove(device, ring(lane));
        }
    }

    /** Whose guest gives the lane something to do: by sending, or, where packets are made here, by room for them. */
    private static @Nullable VhostDevice awaited(Lane lane) {
        return lane.ends.from() != null ? lane.ends.from() : lane.ends.to();
    }

    private static int ring(Lane lane) {
        return lane.ends.from() != null ? lane.ends.fromRing() : lane.ends.toRing();
    }

    /**
     * After each round.
     *
     * @param moved packets moved
     * @param holding whether packets are held, which wait for more than a guest's sending
     */
    void rest(int moved, boolean holding) {
        rounds = moved > 0 ? 0 : Math.min(SPINS, rounds + 1);
        if (rounds < SPINS) {
            pacer.round(moved, Lane.BURST);
        }
        if (waiter != null && !holding) {
            waiter.idle(moved);
        } else if (rounds >= SPINS) {
            Thread.yield(); // costs little alone, and lets others run where CPUs are few
        }
    }

    /** Has the thread come back. Any thread. */
    void wake() {
        if (waiter != null) {
            waiter.wakeup();
        }
    }

    @Override
    public void close() {
        if (waiter != null) {
            waiter.close();
        }
    }
}
