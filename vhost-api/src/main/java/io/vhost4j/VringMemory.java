// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import java.lang.foreign.MemorySegment;

/**
 * Where a ring is, for applications that serve it themselves; mirrors the addresses in {@code struct rte_vhost_vring}. The guest can
 * write all of it at any time: read a field once, check it, then use it. Access after the memory table changed throws
 * {@link IllegalStateException}.
 *
 * @param desc descriptor table, or descriptor ring of a packed ring
 * @param driver available ring, or driver event suppression
 * @param device used ring, or device event suppression
 * @param logGuestAddr guest physical address at which writes to {@code device} are logged, -1 if they are not
 */
public record VringMemory(MemorySegment desc, MemorySegment driver, MemorySegment device, long logGuestAddr) {}
