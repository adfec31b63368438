// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.time.Duration;
import java.util.Locale;

/**
 * The times of a run.
 *
 * @param warmUp that processes run at full rate before their first run
 * @param settle between the moment from which the couple has the processors and the first interval
 * @param interval for which the front-end tells a rate
 * @param intervals in a run
 */
record Timing(Duration warmUp, Duration settle, Duration interval, int intervals) {
    private static final double SECOND = 1e9;

    /** Intervals of a second, or one shorter one. */
    static Timing of(double warmUpSeconds, double settleSeconds, double seconds) {
        int intervals = Math.max(1, (int) Math.round(seconds));
        return new Timing(duration(warmUpSeconds), duration(settleSeconds), duration(seconds / intervals), intervals);
    }

    private static Duration duration(double seconds) {
        return Duration.ofNanos(Math.round(seconds * SECOND));
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "warm-up %.1f s, then in each run %.1f s to settle and %d x %.1f s",
                warmUp.toNanos() / SECOND,
                settle.toNanos() / SECOND,
                intervals,
                interval.toNanos() / SECOND);
    }
}
