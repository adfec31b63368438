// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/**
 * A piece of guest memory; mirrors {@code struct rte_vhost_mem_region}.
 *
 * @param guestPhysAddr where the guest sees it
 * @param guestUserAddr where the front-end process sees it
 * @param size in bytes
 * @param mmapOffset where it starts in the file it was mapped from, in bytes
 */
public record MemoryRegion(long guestPhysAddr, long guestUserAddr, long size, long mmapOffset) {}
