// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import java.util.concurrent.TimeUnit;

/** Waits for a command's end while something is shown at intervals. */
public final class Pace {
    private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

    private Pace() {}

    /**
     * Returns when the end is requested or the time is over.
     *
     * @param intervalSeconds time between two calls of {@code tick}, 0 for none
     * @param durationSeconds the longest time, 0 for no limit
     */
    public static void run(StopSignal stop, double intervalSeconds, double durationSeconds, Runnable tick)
            throws InterruptedException {
        long interval = (long) (intervalSeconds * NANOS);
        long started = System.nanoTime();
        long duration = durationSeconds == 0 ? Long.MAX_VALUE : (long) (durationSeconds * NANOS);
        long next = interval == 0 ? Long.MAX_VALUE : interval; // all times count from the start
        while (true) {
            long passed = System.nanoTime() - started;
            if (passed >= duration || stop.await(Math.min(duration, next) - passed)) {
                return;
            }
            if (System.nanoTime() - started >= next) {
                tick.run();
                long now = System.nanoTime() - started;
                next += interval
                        * Math.max(1, (now - next) / interval + 1); // what a stopped process missed is not made up for
            }
        }
    }
}
