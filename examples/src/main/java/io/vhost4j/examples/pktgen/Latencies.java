// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts times by size, in 64 steps for each power of two, so that a percentile is at most 1.6 % too large. One thread adds, at the price
 * of a plain addition; any thread may take {@link #snapshot}s. Adding allocates nothing.
 */
final class Latencies {
    private static final int STEP_BITS = 6;
    private static final int STEPS = 1 << STEP_BITS;
    /** Longer times count as this long: 18 minutes. */
    private static final long LONGEST = (1L << 40) - 1;

    private final AtomicLongArray counts = new AtomicLongArray(index(LONGEST) + 1);

    /** Adds a time in nanoseconds; negative ones count as 0. */
    void add(long nanos) {
        int index = index(Math.clamp(nanos, 0, LONGEST));
        counts.setOpaque(index, counts.getPlain(index) + 1);
    }

    /** All that was added so far. */
    Snapshot snapshot() {
        long[] now = new long[counts.length()];
        for (int i = 0; i < now.length; i++) {
            now[i] = counts.getOpaque(i);
        }
        return new Snapshot(now);
    }

    /** Below 64 each time has its own count; from there on, each power of two has 64. */
    static int index(long nanos) {
        int shift = Math.max(0, Long.SIZE - 1 - STEP_BITS - Long.numberOfLeadingZeros(nanos | 1));
        return (shift << STEP_BITS) + (int) (nanos >>> shift);
    }

    /** The longest time that is counted at an index. */
    static long longest(int index) {
        if (index < 2 * STEPS) {
            return index;
        }
        int shift = (index >>> STEP_BITS) - 1;
        long step = index - ((long) shift << STEP_BITS);
        return ((step + 1) << shift) - 1;
    }

    /** The counts of a moment, or of the time between two. */
    static final class Snapshot {
        private final long[] counts;
        private final long total;

        private Snapshot(long[] counts) {
            this.counts = counts;
            long sum = 0;
            for (long count : counts) {
                sum += count;
            }
            total = sum;
        }

        /** What was added after {@code before}. */
        Snapshot since(Snapshot before) {
            long[] added = new long[counts.length];
            for (int i = 0; i < added.length; i++) {
                added[i] = counts[i] - before.counts[i];
            }
            return new Snapshot(added);
        }

        /** How many times there are. */
        long total() {
            return total;
        }

        /** The time that this part of them, 0 to 1, did not exceed, in nanoseconds; 0 if there are none. */
        long percentile(double part) {
            long rank = Math.max(1, (long) Math.ceil(total * part));
            long seen = 0;
            for (int i = 0; i < counts.length; i++) {
                seen += counts[i];
                if (seen >= rank) {
                    return longest(i);
                }
            }
            return 0;
        }
    }
}
