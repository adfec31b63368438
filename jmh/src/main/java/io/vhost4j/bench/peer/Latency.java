// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.List;
import java.util.Locale;

/**
 * After what time packets came back, in nanoseconds, from when each was due.
 *
 * @param p50 the time that half of them did not exceed
 * @param p99 99 of 100
 * @param p999 999 of 1000
 */
record Latency(double p50, double p99, double p999) {
    /** The median of each. */
    static Latency median(List<Latency> latencies) {
        return new Latency(
                Numbers.of(latencies.stream().map(Latency::p50).toList()).median(),
                Numbers.of(latencies.stream().map(Latency::p99).toList()).median(),
                Numbers.of(latencies.stream().map(Latency::p999).toList()).median());
    }

    /** Each divided by another one's. */
    Latency dividedBy(Latency other) {
        return new Latency(p50 / other.p50, p99 / other.p99, p999 / other.p999);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "back after %.1f, %.1f, %.1f us", p50 / 1e3, p99 / 1e3, p999 / 1e3);
    }
}
