// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory mapped by {@code mmap}, unmapped exactly once. The kernel maps whole pages, of the huge page size where the file
 * is on hugetlbfs; this class maps and unmaps whole pages and shows the range that was asked for, which may start
 * anywhere.
 *
 * <p>If another process truncates the file, an access to the lost pages through {@link #segment()} throws
 * {@link InternalError} on the accessing thread. Access through raw addresses must have ended before {@link #close()}.
 */
public final class Mapping implements AutoCloseable {
    // asm-generic/mman-common.h and asm-generic/mman.h
    /** No access. */
    public static final int PROT_NONE = 0;
    /** Pages can be read. */
    public static final int PROT_READ = 1;
    /** Pages can be written. */
    public static final int PROT_WRITE = 2;
    /** Pages can be executed. */
    static final int PROT_EXEC = 4;
    /** Writes go to the file and to everyone who maps it. */
    public static final int MAP_SHARED = 0x1;
    /** Writes stay here. */
    public static final int MAP_PRIVATE = 0x2;
    /** All pages are locked in memory. */
    public static final int MAP_LOCKED = 0x2000;
    /** No swap space is reserved. */
    public static final int MAP_NORESERVE = 0x4000;
    /** All pages are present from the start. */
    public static final int MAP_POPULATE = 0x8000;

    /** For {@link #advise}: back the range with transparent huge pages where possible. */
    public static final int MADV_HUGEPAGE = 14;
    /** For {@link #advise}: drop the range's pages. */
    public static final int MADV_DONTNEED = 4;
    /** For {@link #advise}: leave the range out of core dumps. */
    public static final int MADV_DONTDUMP = 16;
    /** For {@link #advise}: a child process does not get the range. */
    public static final int MADV_DONTFORK = 10;

    private static final int MAP_FIXED = 0x10;
    static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_HUGETLB = 0x40000;
    private static final int MAP_FIXED_NOREPLACE = 0x100000;
    private static final int MAP_HUGE_SHIFT = 26;

    private static final AtomicLong OPEN = new AtomicLong();

    private final AtomicBoolean closed = new AtomicBoolean();
    private final long mappedAddress;
    private final long mappedLength;
    private final long pageSize;
    private final Arena arena;
    private final MemorySegment segment;

    private Mapping(Arena arena, long mappedAddress, long mappedLength, long lead, long length, long pageSize) {
        this.arena = arena;
        this.mappedAddress = mappedAddress;
        this.mappedLength = mappedLength;
        this.pageSize = pageSize;
        this.segment = segmentAt(mappedAddress + lead, length, arena);
    }

    @SuppressWarnings("restricted")
    private static MemorySegment segmentAt(long address, long length, Arena arena) {
        return MemorySegment.ofAddress(address).reinterpret(length, arena, null);
    }

    /**
     * Maps a range of a file. The descriptor may be closed afterwards.
     *
     * @param fd the file
     * @param offset where the range starts in the file, in bytes, not necessarily at a page
     * @param length its length in bytes, at least 1
     * @param prot {@code PROT_} constants
     * @param flags {@code MAP_} constants, with one of {@link #MAP_SHARED} and {@link #MAP_PRIVATE}
     * @return owned by the caller
     */
    public static Mapping map(int fd, long offset, long length, int prot, int flags) {
        if (offset < 0) {
            throw new IllegalArgumentException("offset=" + offset + ": must not be negative");
        }
        if ((flags & (MAP_ANONYMOUS | MAP_HUGETLB)) != 0) {
            throw new IllegalArgumentException("flags=0x" + Integer.toHexString(flags) + ": not for a file's mapping");
        }
        return map(fd, offset, length, prot, flags, HugePages.pageSizeOf(fd));
    }

    /**
     * As {@link #map(int, long, long, int, int)}.
     *
     * @param fd the file; stays open and owned by the caller
     * @param offset where the range starts in the file, in bytes
     * @param length its length in bytes
     * @param prot {@code PROT_} constants
     * @param flags {@code MAP_} constants
     * @return owned by the caller
     */
    public static Mapping map(OwnedFd fd, long offset, long length, int prot, int flags) {
        return map(fd.fd(), offset, length, prot, flags);
    }

    /**
     * Maps fresh zeroed memory, private to this process.
     *
     * @param length its length in bytes, at least 1
     * @param prot {@code PROT_} constants
     * @param flags further {@code MAP_} constants, or 0
     * @return owned by the caller
     */
    public static Mapping anonymous(long length, int prot, int flags) {
        return map(-1, 0, length, prot, flags | MAP_ANONYMOUS | MAP_PRIVATE, LinuxProcess.pageSize());
    }

    /**
     * Maps fresh zeroed memory of huge pages, private to this process.
     *
     * @param length its length in bytes, at least 1
     * @param hugePageBytes the huge page size, or 0 for the system's default
     * @param prot {@code PROT_} constants
     * @param flags further {@code MAP_} constants, or 0
     * @return owned by the caller
     * @throws NativeException {@link Errno#ENOMEM} if there are not enough huge pages
     */
    public static Mapping anonymousHuge(long length, long hugePageBytes, int prot, int flags) {
        long pageSize = hugePageBytes == 0 ? HugePages.defaultSize() : hugePageBytes;
        if (pageSize == 0) {
            throw new NativeException(
                    SystemCall.MMAP, -Errno.ENOMEM, "length=" + length + ", this kernel has no huge pages");
        }
        int huge = MAP_HUGETLB | HugePages.sizeFlag(hugePageBytes, MAP_HUGE_SHIFT);
        return map(-1, 0, length, prot, flags | MAP_ANONYMOUS | MAP_PRIVATE | huge, pageSize);
    }

    private static Mapping map(int fd, long offset, long length, int prot, int flags, long pageSize) {
        if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0) {
            throw new IllegalArgumentException("MAP_FIXED is not supported: the kernel chooses the address");
        }
        long lead = offset & (pageSize - 1);
        if (length < 1 || length > Long.MAX_VALUE - offset - pageSize) {
            throw new IllegalArgumentException(
                    "length=" + length + " at offset=" + offset + ": must be at least 1 and end below 2^63");
        }
        long mappedLength = (lead + length + pageSize - 1) & -pageSize;
        Arena arena = Arena.ofShared();
        long result =
                Kernel.invoke(SystemCall.MMAP, 0, mappedLength, prot, Integer.toUnsignedLong(flags), fd, offset - lead);
        if (result < 0) {
            arena.close();
            throw new NativeException(
                    SystemCall.MMAP,
                    result,
                    "fd=" + fd + ", offset=" + offset + ", length=" + length + ", page=" + pageSize);
        }
        OPEN.incrementAndGet();
        return new Mapping(arena, result, mappedLength, lead, length, pageSize);
    }

    /**
     * Where the range starts.
     *
     * @return an address of this process; meaningless after {@link #close()}
     */
    public long address() {
        return segment.address();
    }

    /**
     * The length that was asked for.
     *
     * @return in bytes
     */
    public long length() {
        return segment.byteSize();
    }

    /**
     * The size of the pages behind the mapping.
     *
     * @return in bytes: the huge page size or the system's page size
     */
    public long pageSize() {
        return pageSize;
    }

    /**
     * The range as memory, usable by any thread until {@link #close()}; afterwards access throws
     * {@link IllegalStateException}.
     *
     * @return exactly the range that was asked for
     */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * Whether the mapping was not closed yet.
     *
     * @return false once closed
     */
    public boolean isOpen() {
        return !closed.get();
    }

    /**
     * Locks all pages in memory ({@code mlock}).
     *
     * @throws NativeException {@link Errno#ENOMEM} or {@link Errno#EPERM} if {@code RLIMIT_MEMLOCK} forbids it
     */
    public void lock() {
        onWholePages(SystemCall.MLOCK, 0);
    }

    /** Ends what {@link #lock()} began. */
    public void unlock() {
        onWholePages(SystemCall.MUNLOCK, 0);
    }

    /**
     * Tells the kernel how the memory is used ({@code madvise}).
     *
     * @param advice a {@code MADV_} constant
     */
    public void advise(int advice) {
        onWholePages(SystemCall.MADVISE, advice);
    }

    /** Lets pages that are not present yet come from chosen memory nodes only. */
    void bindNodes(int policy, long maskAddress, long maskBits) {
        requireOpen();
        long result = Kernel.invoke(SystemCall.MBIND, mappedAddress, mappedLength, policy, maskAddress, maskBits, 0);
        if (result < 0) {
            throw new NativeException(SystemCall.MBIND, result, describe());
        }
    }

    private void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException("the mapping is closed");
        }
    }

    private void onWholePages(SystemCall call, long argument) {
        requireOpen();
        long result = Kernel.invoke(call, mappedAddress, mappedLength, argument);
        if (result < 0) {
            throw new NativeException(call, result, describe() + ", argument=" + argument);
        }
    }

    /**
     * Unmaps the pages; once that succeeded, later calls do nothing.
     *
     * @throws IllegalStateException if a native call is using the segment; nothing has changed
     * @throws NativeException if the kernel refuses, for example because this would make too many mappings; the segment
     *     is unusable, the memory still mapped, and this may be called again
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try {
            if (arena.scope().isAlive()) {
                arena.close();
            }
            long result = Kernel.invoke(SystemCall.MUNMAP, mappedAddress, mappedLength);
            if (result < 0) {
                throw new NativeException(SystemCall.MUNMAP, result, describe());
            }
        } catch (RuntimeException e) {
            closed.set(false);
            throw e;
        }
        OPEN.decrementAndGet();
    }

    /**
     * How many mappings are open in this process, for leak checks.
     *
     * @return the number of open instances
     */
    public static long openCount() {
        return OPEN.get();
    }

    private String describe() {
        return "address=0x" + Long.toHexString(mappedAddress) + ", length=" + mappedLength + ", page=" + pageSize;
    }

    @Override
    public String toString() {
        return "mapping(" + describe() + (closed.get() ? ", closed)" : ")");
    }
}
