// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

/**
 * How long to measure, and what a run may suffer before it is made again.
 *
 * @param warmUpSeconds not measured after the start
 * @param seconds intervals of a second that count, after the first one and before the last one
 * @param stealPercent of a worker's processor that the hypervisor may take
 * @param sharePercent of its processor that a worker must get
 * @param retries of a disturbed run
 */
record Limits(int warmUpSeconds, int seconds, double stealPercent, double sharePercent, int retries) {}
