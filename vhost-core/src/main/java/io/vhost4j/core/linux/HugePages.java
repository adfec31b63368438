// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/** Page sizes: of the system, of huge pages, and of a file's memory. */
public final class HugePages {
    /** {@code HUGETLBFS_MAGIC} of {@code linux/magic.h}. */
    private static final long HUGETLBFS_MAGIC = 0x958458f6L;

    /** {@code f_bsize} in {@code struct statfs} of {@code asm-generic/statfs.h}; {@code f_type} is at 0. */
    private static final long F_BSIZE = 8;

    private static final long KIB = 1024;

    private HugePages() {}

    /**
     * The size of the pages that hold a file's memory: mappings start and end at multiples of it.
     *
     * @param fd any file
     * @return the huge page size for a file on hugetlbfs or a huge memory file, in bytes; otherwise the system's page size
     */
    public static long pageSizeOf(int fd) {
        CallScratch scratch = CallScratch.current();
        MemorySegment buffer = scratch.buffer();
        long result = Kernel.invoke(SystemCall.FSTATFS, fd, scratch.address());
        Kernel.check(result, SystemCall.FSTATFS, fd);
        if (buffer.get(ValueLayout.JAVA_LONG, 0) != HUGETLBFS_MAGIC) {
            return LinuxProcess.pageSize();
        }
        return buffer.get(ValueLayout.JAVA_LONG, F_BSIZE);
    }

    /**
     * Whether a file's memory is huge pages.
     *
     * @param fd any file
     * @return true on hugetlbfs
     */
    public static boolean isHuge(int fd) {
        return pageSizeOf(fd) != LinuxProcess.pageSize();
    }

    /**
     * The system's default huge page size.
     *
     * @return in bytes; 0 if this kernel has no huge pages
     */
    public static long defaultSize() {
        return memInfo("Hugepagesize:") * KIB;
    }

    /**
     * How many huge pages of the default size are free.
     *
     * @return the number; pages reserved by existing mappings are counted as free by the kernel, and not here
     */
    public static long available() {
        return Math.max(0, memInfo("HugePages_Free:") - memInfo("HugePages_Rsvd:"));
    }

    private static long memInfo(String key) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith(key)) {
                    String value =
                            line.substring(key.length()).replace("kB", "").strip();
                    return Long.parseLong(value);
                }
            }
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException("reading /proc/meminfo", e);
        }
    }

    /** The flag bits that choose a huge page size in {@code memfd_create} and {@code mmap}. */
    static int sizeFlag(long hugePageBytes, int shift) {
        if (hugePageBytes == 0) {
            return 0;
        }
        if (hugePageBytes < 0 || Long.bitCount(hugePageBytes) != 1) {
            throw new IllegalArgumentException("huge page size " + hugePageBytes + ": must be a power of two, or 0");
        }
        return Long.numberOfTrailingZeros(hugePageBytes) << shift;
    }
}
