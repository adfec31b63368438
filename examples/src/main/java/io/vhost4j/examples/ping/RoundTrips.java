// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.ping;

import java.util.Arrays;

/** Round trip times. */
final class RoundTrips {
    private static final int PERCENT = 99;

    private long[] nanos = new long[64];
    private int count;

    void add(long time) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, count * 2);
        }
        nanos[count++] = time;
    }

    int count() {
        return count;
    }

    long min() {
        return Arrays.stream(nanos, 0, count).min().orElse(0);
    }

    long average() {
        return Math.round(Arrays.stream(nanos, 0, count).average().orElse(0));
    }

    long max() {
        return Arrays.stream(nanos, 0, count).max().orElse(0);
    }

    /** The time that 99 of 100 did not exceed. */
    long p99() {
        if (count == 0) {
            return 0;
        }
        long[] sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        return sorted[(int) Math.ceil(count * (PERCENT / 100.0)) - 1];
    }
}
