// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import org.jspecify.annotations.Nullable;

/**
 * The addresses in one ring's descriptors to host addresses: guest physical ones through the memory table, I/O virtual ones through
 * the IOTLB. Remembers the range that served last. Used by one thread at a time; {@link #reset} makes it forget.
 */
public final class Translator {
    private GuestMemory memory;
    private final @Nullable Iotlb iotlb;
    private final int permission;

    /** The range that served last: start, size, and what to add to get a host address. */
    private long start;

    private long size;
    private long delta;
    private boolean missed;
    private long hits;
    private long misses;

    /**
     * A translator.
     *
     * @param iotlb null if descriptors have guest physical addresses
     * @param permission what the ring does at the addresses: {@link Iotlb#READ} or {@link Iotlb#WRITE}
     */
    public Translator(GuestMemory memory, @Nullable Iotlb iotlb, int permission) {
        this.memory = memory;
        this.iotlb = iotlb;
        this.permission = permission;
    }

    /** Forgets what is remembered and goes on with {@code newMemory}. */
    public void reset(GuestMemory newMemory) {
        memory = newMemory;
        size = 0;
    }

    /**
     * The host address of {@code bytes} bytes at {@code address}.
     *
     * @return 0 if they are not in one piece, are not known ({@link #takeMiss}), or {@code bytes} is 0
     */
    public long toHost(long address, long bytes) {
        long offset = address - start;
        if (offset >= 0 && offset <= size - bytes && bytes > 0) {
            return address + delta;
        }
        return bytes > 0 && find(address) && bytes <= size - (address - start) ? address + delta : 0;
    }

    /**
     * Replaces the addresses {@code from} up to {@code to}, exclusive, of as many bytes as {@code length} has at the same place, by host addresses.
     *
     * @return the first that has none ({@link #toHost}), {@code to} if all have; from there on nothing is replaced
     */
    public int toHost(long[] address, int[] length, int from, int to) {
        int at = byLast(address, length, from, to);
        while (at < to && toHost(address[at], length[at]) != 0) {
            at = byLast(address, length, at, to);
        }
        return at;
    }

    /** Replaces addresses up to the first that is not in the range that served last. Calls nothing, so that all stays in registers. */
    private int byLast(long[] address, int[] length, int from, int to) {
        long first = start;
        long bytes = size;
        long toAdd = delta;
        int at = from;
        for (; at < to; at++) {
            long offset = address[at] - first;
            // one of the two is negative if the buffer is not inside
            if (length[at] <= 0 || (offset | (bytes - length[at] - offset)) < 0) {
                break;
            }
            address[at] += toAdd;
        }
        return at;
    }

    /** How many bytes from {@code address} on are in one piece; 0 if it is not an address of the guest's, or not known. */
    public long contiguous(long address) {
        return find(address) ? size - (address - start) : 0;
    }

    /** Whether an address was not in the IOTLB since this was last asked. */
    public boolean takeMiss() {
        boolean was = missed;
        missed = false;
        return was;
    }

    /** Addresses found in the IOTLB so far. */
    public long hits() {
        return hits;
    }

    /** Addresses not found in the IOTLB so far. */
    public long misses() {
        return misses;
    }

    /** The guest physical address of a host address that {@link #toHost} gave. */
    public long toGuest(long host) {
        return memory.toGuest(host);
    }

    private boolean find(long address) {
        if (iotlb != null) {
            return findIova(iotlb, address);
        }
        GuestRegion region = memory.regionOf(address);
        if (region == null) {
            return false;
        }
        remember(region.gpa(), region.size(), region.hostAddress());
        return true;
    }

    private boolean findIova(Iotlb cache, long iova) {
        Iotlb.Range range = cache.find(iova, permission);
        if (range == null) {
            missed = true;
            misses++;
            return false;
        }
        hits++;
        long offset = iova - range.iova();
        long userAddr = range.userAddr() + offset;
        GuestRegion region = memory.regionOfUser(userAddr);
        if (region == null) {
            return false;
        }
        long regionOffset = userAddr - region.userAddr();
        remember(
                iova,
                Math.min(range.size() - offset, region.size() - regionOffset),
                region.hostAddress() + regionOffset);
        return true;
    }

    private void remember(long first, long bytes, long host) {
        start = first;
        size = bytes;
        delta = host - first;
    }
}
