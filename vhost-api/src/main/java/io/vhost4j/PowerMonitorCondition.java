// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import java.lang.foreign.MemorySegment;

/**
 * What to watch for a ring's next buffer; mirrors {@code struct rte_vhost_power_monitor_cond}.
 *
 * @param address where the driver will write, {@code sizeBytes} long; access after the memory table changed throws
 *     {@link IllegalStateException}
 * @param value what to compare with, little-endian
 * @param mask bits that count
 * @param sizeBytes bytes to read
 * @param match whether buffers are there when the bits are equal (true) or different (false)
 */
public record PowerMonitorCondition(MemorySegment address, long value, long mask, int sizeBytes, boolean match) {}
