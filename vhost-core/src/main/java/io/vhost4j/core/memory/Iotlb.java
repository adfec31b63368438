// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import io.vhost4j.VhostException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What a device knows of its IOMMU: ranges of I/O virtual addresses, where the front-end's process sees them, and what may be done
 * there. The event thread changes it; any thread looks up, without waiting, in the snapshot of the moment.
 *
 * <p>A range that was invalidated may be in use until the event thread has closed and opened the gates of all rings.
 */
public final class Iotlb {
    /** Permission to read. */
    public static final int READ = 1;
    /** Permission to write. */
    public static final int WRITE = 2;

    /** Told of addresses that are not known; may be called on any thread and must not block. */
    @FunctionalInterface
    public interface MissListener {
        /** A ring needs {@code iova} with {@code permission} ({@link #READ} or {@link #WRITE}). */
        void miss(long iova, int permission);
    }

    /** One range. */
    record Range(long iova, long size, long userAddr, int permission) {
        boolean contains(long address) {
            return Long.compareUnsigned(address - iova, size) < 0;
        }
    }

    private static final Range[] NONE = {};

    private final int limit;
    private final MissListener listener;
    private final Random evictions = new Random(1);
    private volatile Range[] ranges = NONE;

    /** An empty cache of at most {@code limit} ranges; more evict old ones at random. */
    public Iotlb(int limit, MissListener listener) {
        this.limit = limit;
        this.listener = listener;
    }

    /**
     * Adds a range, in place of what it overlaps.
     *
     * @return whether it overlapped any: then rings may still use what was there before
     * @throws VhostException if the numbers wrap, the range is empty, or the permission is not 1, 2 or 3
     */
    public boolean update(long iova, long size, long userAddr, int permission) {
        if (size <= 0
                || wraps(iova, size)
                || wraps(userAddr, size)
                || permission < READ
                || permission > (READ | WRITE)) {
            throw new VhostException(String.format(
                    "IOTLB update iova=%#x, size=%#x, user=%#x, permission=%d: out of range",
                    iova, size, userAddr, permission));
        }
        int known = ranges.length;
        invalidate(iova, size);
        Range[] before = ranges;
        Range[] after = Arrays.copyOf(before, before.length + 1);
        if (before.length >= limit) {
            after = Arrays.copyOf(before, before.length);
            after[evictions.nextInt(after.length)] = new Range(iova, size, userAddr, permission);
        } else {
            after[before.length] = new Range(iova, size, userAddr, permission);
        }
        Arrays.sort(after, Comparator.comparing(Range::iova, Long::compareUnsigned));
        ranges = after;
        return before.length != known;
    }

    /**
     * Forgets all ranges that have an address in common with this one.
     *
     * @param size bytes; a range that goes past the end of the address space ends there
     * @throws VhostException if {@code size} is 0
     */
    public void invalidate(long iova, long size) {
        if (size == 0) {
            throw new VhostException(String.format("IOTLB invalidation of iova=%#x: size is 0", iova));
        }
        long last = wraps(iova, size) ? -1 : iova + (size - 1);
        ranges = Arrays.stream(ranges)
                .filter(r ->
                        Long.compareUnsigned(r.iova + (r.size - 1), iova) < 0 || Long.compareUnsigned(r.iova, last) > 0)
                .toArray(Range[]::new);
    }

    /** Forgets everything. */
    public void clear() {
        ranges = NONE;
    }

    /** Ranges known. */
    public int size() {
        return ranges.length;
    }

    private static boolean wraps(long start, long size) {
        return Long.compareUnsigned(start + (size - 1), start) < 0;
    }

    /** The range with {@code iova}, or null after telling the listener that it is needed with {@code permission}. */
    @Nullable
    Range find(long iova, int permission) {
        Range[] now = ranges;
        int low = 0;
        int high = now.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Range range = now[middle];
            if (range.contains(iova)) {
                if ((range.permission & permission) == permission) {
                    return range;
                }
                break;
            }
            if (Long.compareUnsigned(iova, range.iova) < 0) {
                high = middle - 1;
            } else {
                low = middle + 1;
            }
        }
        listener.miss(iova, permission);
        return null;
    }

    /**
     * The host address of a ring's area, for the event thread.
     *
     * @return 0 if it is not wholly known yet (the listener was told), or not contiguous in this process
     */
    public long toHost(GuestMemory memory, long iova, long bytes, int permission) {
        long host = 0;
        long done = 0;
        while (done < bytes) {
            Range range = find(iova + done, permission);
            if (range == null) {
                return 0;
            }
            long offset = iova + done - range.iova;
            long piece = Math.min(bytes - done, range.size - offset);
            long at = memory.userToHost(range.userAddr + offset, piece);
            if (at == 0 || done > 0 && at != host + done) {
                return 0;
            }
            if (done == 0) {
                host = at;
            }
            done += piece;
        }
        return host;
    }
}
