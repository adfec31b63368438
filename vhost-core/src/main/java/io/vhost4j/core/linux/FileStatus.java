// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the kernel knows about an open file. Read by {@code statx}, whose struct ({@code linux/stat.h}, 256 bytes) is the
 * same on every architecture: {@code stx_blksize} at 4, {@code stx_uid} 20, {@code stx_gid} 24, {@code stx_mode} 28,
 * {@code stx_ino} 32, {@code stx_size} 40, {@code stx_dev_major} 136, {@code stx_dev_minor} 140.
 *
 * @param sizeBytes the size
 * @param mode type and permission bits, {@code st_mode}
 * @param blockSizeBytes the preferred block size; on hugetlbfs the huge page size
 * @param device number of the device that holds the file, major in the upper and minor in the lower 32 bits
 * @param inode the file's number on that device
 * @param uid the owner
 * @param gid the owner's group
 */
public record FileStatus(long sizeBytes, int mode, long blockSizeBytes, long device, long inode, int uid, int gid) {
    // linux/stat.h
    private static final int TYPE_MASK = 0xF000;
    private static final int REGULAR = 0x8000;
    private static final int SOCKET = 0xC000;
    private static final int PIPE = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7FF;
    private static final int STATX_SIZE = 256;
    // linux/fcntl.h
    private static final int AT_EMPTY_PATH = 0x1000;

    /**
     * Reads the status of an open file.
     *
     * @param fd the file
     * @return its status
     */
    public static FileStatus of(int fd) {
        CallScratch scratch = CallScratch.current();
        MemorySegment buffer = scratch.buffer();
        long emptyPath = scratch.address() + STATX_SIZE;
        buffer.set(ValueLayout.JAVA_BYTE, STATX_SIZE, (byte) 0);
        long result =
                Kernel.invoke(SystemCall.FSTAT, fd, emptyPath, AT_EMPTY_PATH, STATX_BASIC_STATS, scratch.address(), 0);
        Kernel.check(result, SystemCall.FSTAT, fd);
        long major = unsigned(buffer, 136);
        return new FileStatus(
                buffer.get(ValueLayout.JAVA_LONG, 40),
                Short.toUnsignedInt(buffer.get(ValueLayout.JAVA_SHORT, 28)),
                unsigned(buffer, 4),
                (major << 32) | unsigned(buffer, 140),
                buffer.get(ValueLayout.JAVA_LONG, 32),
                buffer.get(ValueLayout.JAVA_INT, 20),
                buffer.get(ValueLayout.JAVA_INT, 24));
    }

    private static long unsigned(MemorySegment buffer, long offset) {
        return Integer.toUnsignedLong(buffer.get(ValueLayout.JAVA_INT, offset));
    }

    /**
     * Whether this is a regular file; memory files are.
     *
     * @return {@code S_ISREG}
     */
    public boolean isRegular() {
        return (mode & TYPE_MASK) == REGULAR;
    }

    /**
     * Whether this is a socket.
     *
     * @return {@code S_ISSOCK}
     */
    public boolean isSocket() {
        return (mode & TYPE_MASK) == SOCKET;
    }

    /**
     * Whether this is a pipe.
     *
     * @return {@code S_ISFIFO}
     */
    public boolean isPipe() {
        return (mode & TYPE_MASK) == PIPE;
    }
}
