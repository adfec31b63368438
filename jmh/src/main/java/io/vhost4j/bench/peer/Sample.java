// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

/**
 * What the front-end did in one interval, by its own clock.
 *
 * @param receivedPerSecond packets
 * @param sentPerSecond packets
 */
record Sample(double receivedPerSecond, double sentPerSecond) {}
