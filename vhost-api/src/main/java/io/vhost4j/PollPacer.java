// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import java.time.Duration;

/**
 * Keeps a loop that polls rings from hindering the guests that it waits for.
 *
 * <p>A look at a ring takes the cache line that the guest is about to write away from the guest's processor. A loop that is faster than its
 * guests looks more often than they write: then every entry costs them a transfer between processors, and they, and with them the
 * loop, become slower. A moment's wait after a round that found little lets entries gather, which then come in one
 * transfer. What it is worth depends on the guest; {@code docs/perf} has figures. No packet waits for longer than the pause.
 *
 * <pre>{@code
 * PollPacer pacer = new PollPacer();
 * while (running) {
 *     int moved = device.dequeueBurst(1, pool, packets, 0, 32);
 *     ...
 *     pacer.round(moved, 32);
 * }
 * }</pre>
 *
 * <p>For loops over several rings, moved is what all rings of a round gave: many rings need no pause, as looking at the others is one. May be
 * shared by threads.
 */
public final class PollPacer {
    /** The pause unless another is asked for, 200 ns: what a cache line takes between processors without a cache in common. */
    public static final Duration DEFAULT_PAUSE = Duration.ofNanos(200);

    /** The longest pause, 1 ms. */
    public static final Duration LONGEST_PAUSE = Duration.ofMillis(1);

    /** Rounds that move at least one in so many of the packets wanted are not followed by a pause. */
    private static final int ENOUGH = 4;

    private final long pauseNanos;

    /** With the {@linkplain #DEFAULT_PAUSE default pause}. */
    public PollPacer() {
        this(DEFAULT_PAUSE);
    }

    /**
     * With a pause of its own.
     *
     * @param pause 0 to 1 ms; with 0 the loop looks at the rings as often as it can
     * @throws IllegalArgumentException if the pause is out of its range
     */
    public PollPacer(Duration pause) {
        if (pause.isNegative() || pause.compareTo(LONGEST_PAUSE) > 0) {
            throw new IllegalArgumentException(
                    "pause=" + pause + ": must be 0 to 1 ms; to sleep while guests are silent use a QueueWaiter");
        }
        pauseNanos = pause.toNanos();
    }

    /**
     * Call it once in each round over the rings. Returns at once if they gave at least a quarter of what was wanted.
     *
     * @param moved packets moved in this round
     * @param wanted packets that one ring could have given
     */
    public void round(int moved, int wanted) {
        if (ENOUGH * moved >= wanted) {
            return;
        }
        Thread.onSpinWait();
        if (pauseNanos > 0) {
            long start = System.nanoTime();
            do {
                Thread.onSpinWait();
            } while (System.nanoTime() - start < pauseNanos);
        }
    }
}
