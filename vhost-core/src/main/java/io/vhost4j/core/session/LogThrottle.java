// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import java.util.function.LongSupplier;

/**
 * Limits the lines in the log that front-ends of one socket can cause: some at once, and so many a second. News of what is in order
 * takes only a part of them, so that connections which come and go leave room for what is wrong. Any thread.
 */
public final class LogThrottle {
    private static final int BURST = 200;
    private static final int PER_SECOND = 20;
    /** Lines of a burst that are kept from news. */
    private static final int KEPT_FROM_NEWS = BURST / 2;

    private static final long NANOS_PER_LINE = 1_000_000_000L / PER_SECOND;

    private final LongSupplier nanoClock;
    private long earned = BURST;
    private long lastNanos;
    private long leftOut;

    /** With all lines of a burst to spend. */
    public LogThrottle() {
        this(System::nanoTime);
    }

    LogThrottle(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
        lastNanos = nanoClock.getAsLong();
    }

    /** Whether a line may be written; if not, it is counted. */
    public boolean permits() {
        return take(0);
    }

    /** As {@link #permits}, for a line about what is in order. */
    public boolean permitsNews() {
        return take(KEPT_FROM_NEWS);
    }

    private synchronized boolean take(int kept) {
        long lines = (nanoClock.getAsLong() - lastNanos) / NANOS_PER_LINE;
        if (lines > 0) {
            lastNanos += lines * NANOS_PER_LINE;
            earned = Math.min(BURST, earned + lines);
        }
        if (earned > kept) {
            earned--;
            return true;
        }
        if (kept == 0) {
            leftOut++;
        }
        return false;
    }

    /** Lines not permitted since this was last asked, to be told with the next one. */
    public synchronized long takeLeftOut() {
        long count = leftOut;
        leftOut = 0;
        return count;
    }
}
