// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.Optional;

/**
 * What the front-end did in one interval, by its own clock.
 *
 * @param receivedPerSecond packets
 * @param sentPerSecond packets
 * @param latency of the packets that came back, if it was measured
 */
record Sample(double receivedPerSecond, double sentPerSecond, Optional<Latency> latency) {
    /** Without times. */
    Sample(double receivedPerSecond, double sentPerSecond) {
        this(receivedPerSecond, sentPerSecond, Optional.empty());
    }
}
