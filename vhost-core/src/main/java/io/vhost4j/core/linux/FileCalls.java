// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/**
 * Calls on files by path and by descriptor. Segments given to the kernel are native and stay open during the call.
 */
public final class FileCalls {
    // asm-generic/fcntl.h; O_DIRECTORY and O_NOFOLLOW: arch/arm64/include/uapi/asm/fcntl.h has its own
    /** Open for reading. */
    public static final int O_RDONLY = 0;
    /** Open for writing. */
    public static final int O_WRONLY = 1;
    /** Open for both. */
    public static final int O_RDWR = 2;
    /** Create the file if there is none. */
    public static final int O_CREAT = 0x40;
    /** With {@link #O_CREAT}: fail if there is one. */
    public static final int O_EXCL = 0x80;
    /** A terminal does not become the controlling one. */
    public static final int O_NOCTTY = 0x100;
    /** Empty the file. */
    public static final int O_TRUNC = 0x200;
    /** Reading and writing return {@link Errno#WOULD_BLOCK} instead of blocking. */
    public static final int O_NONBLOCK = 0x800;
    /** Close on exec; {@link #open} always adds it. */
    public static final int O_CLOEXEC = 0x80000;
    /** Fail unless the path is a directory. */
    public static final int O_DIRECTORY = Arch.choose(0x10000, 0x4000);
    /** Fail if the last part of the path is a symbolic link. */
    public static final int O_NOFOLLOW = Arch.choose(0x20000, 0x8000);

    /** For {@link #fallocate}: keep the file's size. */
    public static final int FALLOC_FL_KEEP_SIZE = 1;
    /** For {@link #fallocate}: free the range; with {@link #FALLOC_FL_KEEP_SIZE}. */
    public static final int FALLOC_FL_PUNCH_HOLE = 2;

    // linux/fcntl.h
    private static final int AT_FDCWD = -100;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    /** {@code TCGETS} of {@code asm-generic/ioctls.h}: only terminals answer it. */
    private static final long TCGETS = 0x5401;

    private FileCalls() {}

    /**
     * Opens a file; close-on-exec.
     *
     * @param path relative to the working directory, or absolute
     * @param flags {@code O_} constants
     * @param mode permissions of a file that is created, for example {@code 0600} octal; otherwise 0
     * @return owned by the caller
     */
    public static OwnedFd open(String path, int flags, int mode) {
        return openAt(AT_FDCWD, path, flags, mode);
    }

    /**
     * Opens a file relative to an open directory.
     *
     * @param directoryFd the directory
     * @param path relative to it
     * @param flags {@code O_} constants
     * @param mode permissions of a file that is created
     * @return owned by the caller
     */
    public static OwnedFd openAt(int directoryFd, String path, int flags, int mode) {
        long address = CallScratch.current().path(path);
        long result = Kernel.invoke(SystemCall.OPEN, directoryFd, address, flags | O_CLOEXEC, mode);
        return OwnedFd.fromResult(result, SystemCall.OPEN, path);
    }

    /**
     * Reads at the file's position.
     *
     * @param fd the file
     * @param into where to
     * @param offset where in {@code into}, in bytes
     * @param lengthBytes the most bytes to read
     * @return how many were read; 0 at the end of the file; or {@link Errno#WOULD_BLOCK}
     */
    public static long read(int fd, MemorySegment into, long offset, long lengthBytes) {
        long address = Kernel.writableAddress(into, offset, lengthBytes);
        return transfer(SystemCall.READ, fd, into, address, lengthBytes, 0);
    }

    /**
     * Writes at the file's position.
     *
     * @param fd the file
     * @param from where from
     * @param offset where in {@code from}, in bytes
     * @param lengthBytes how many bytes
     * @return how many were written, possibly fewer than asked; or {@link Errno#WOULD_BLOCK}
     */
    public static long write(int fd, MemorySegment from, long offset, long lengthBytes) {
        long address = Kernel.address(from, offset, lengthBytes);
        return transfer(SystemCall.WRITE, fd, from, address, lengthBytes, 0);
    }

    /**
     * Reads at a position of the file.
     *
     * @param fd the file
     * @param into where to
     * @param offset where in {@code into}, in bytes
     * @param lengthBytes the most bytes to read
     * @param position where in the file, in bytes
     * @return how many were read; 0 at the end of the file; or {@link Errno#WOULD_BLOCK}
     */
    public static long pread(int fd, MemorySegment into, long offset, long lengthBytes, long position) {
        long address = Kernel.writableAddress(into, offset, lengthBytes);
        return transfer(SystemCall.PREAD, fd, into, address, lengthBytes, position);
    }

    /**
     * Writes at a position of the file.
     *
     * @param fd the file
     * @param from where from
     * @param offset where in {@code from}, in bytes
     * @param lengthBytes how many bytes
     * @param position where in the file, in bytes
     * @return how many were written, possibly fewer than asked; or {@link Errno#WOULD_BLOCK}
     */
    public static long pwrite(int fd, MemorySegment from, long offset, long lengthBytes, long position) {
        long address = Kernel.address(from, offset, lengthBytes);
        return transfer(SystemCall.PWRITE, fd, from, address, lengthBytes, position);
    }

    private static long transfer(
            SystemCall call, int fd, MemorySegment keptAlive, long address, long lengthBytes, long position) {
        long result;
        try {
            result = Kernel.invoke(call, fd, address, LinuxFaults.limit(call, lengthBytes), position);
        } finally {
            Reference.reachabilityFence(keptAlive);
        }
        return result == Errno.WOULD_BLOCK ? result : Kernel.check(result, call, fd);
    }

    /**
     * Sets a file's size; what is beyond is lost, what is added reads as zero.
     *
     * @param fd the file
     * @param sizeBytes the new size; on hugetlbfs a multiple of the huge page size
     */
    public static void ftruncate(int fd, long sizeBytes) {
        long result = Kernel.invoke(SystemCall.FTRUNCATE, fd, sizeBytes);
        if (result < 0) {
            throw new NativeException(SystemCall.FTRUNCATE, result, "fd=" + fd + ", size=" + sizeBytes);
        }
    }

    /**
     * Allocates or frees a range of a file.
     *
     * @param fd the file
     * @param mode 0 to allocate, or {@code FALLOC_FL_} constants
     * @param offset where the range starts, in bytes
     * @param lengthBytes how long it is
     */
    public static void fallocate(int fd, int mode, long offset, long lengthBytes) {
        long result = Kernel.invoke(SystemCall.FALLOCATE, fd, mode, offset, lengthBytes);
        if (result < 0) {
            throw new NativeException(
                    SystemCall.FALLOCATE,
                    result,
                    "fd=" + fd + ", mode=" + mode + ", offset=" + offset + ", length=" + lengthBytes);
        }
    }

    /**
     * The file status flags ({@code F_GETFL}); they are shared by all descriptors of the open file, in all processes.
     *
     * @param fd the file
     * @return {@code O_} constants
     */
    public static int statusFlags(int fd) {
        return (int) Kernel.check(Kernel.invoke(SystemCall.FCNTL, fd, F_GETFL), SystemCall.FCNTL, fd);
    }

    /**
     * Sets the file status flags ({@code F_SETFL}), for every process that holds the open file.
     *
     * @param fd the file
     * @param flags {@code O_} constants
     */
    public static void setStatusFlags(int fd, int flags) {
        Kernel.check(Kernel.invoke(SystemCall.FCNTL, fd, F_SETFL, flags), SystemCall.FCNTL, fd);
    }

    /**
     * A second descriptor for the same open file ({@code F_DUPFD_CLOEXEC}).
     *
     * @param fd the file
     * @return owned by the caller, close-on-exec
     */
    public static OwnedFd dup(int fd) {
        long result = Kernel.invoke(SystemCall.FCNTL, fd, F_DUPFD_CLOEXEC, 0);
        return OwnedFd.fromResult(result, SystemCall.FCNTL, "F_DUPFD_CLOEXEC, fd=" + fd);
    }

    /**
     * Sets a file's permissions.
     *
     * @param path the file
     * @param mode permission bits, for example {@code 0660} octal
     */
    public static void chmod(String path, int mode) {
        long address = CallScratch.current().path(path);
        long result = Kernel.invoke(SystemCall.CHMOD, AT_FDCWD, address, mode);
        if (result < 0) {
            throw new NativeException(SystemCall.CHMOD, result, path + ", mode=0" + Integer.toOctalString(mode));
        }
    }

    /**
     * Sets a file's owner.
     *
     * @param path the file
     * @param uid the user id, or -1 to leave it
     * @param gid the group id, or -1 to leave it
     */
    public static void chown(String path, int uid, int gid) {
        long address = CallScratch.current().path(path);
        long result = Kernel.invoke(SystemCall.CHOWN, AT_FDCWD, address, uid, gid, 0, 0);
        if (result < 0) {
            throw new NativeException(SystemCall.CHOWN, result, path + ", uid=" + uid + ", gid=" + gid);
        }
    }

    /**
     * Removes a file from its directory.
     *
     * @param path the file
     * @return false if there was none
     */
    public static boolean unlink(String path) {
        long address = CallScratch.current().path(path);
        long result = Kernel.invoke(SystemCall.UNLINK, AT_FDCWD, address, 0);
        if (result < 0 && result != -Errno.ENOENT) {
            throw new NativeException(SystemCall.UNLINK, result, path);
        }
        return result == 0;
    }

    /**
     * A device's own call, with memory.
     *
     * @param fd the device
     * @param request the request's number
     * @param argument native memory laid out as the request wants it, read and written by the kernel
     * @return 0, a positive result, or {@code -errno}
     */
    public static int tryIoctl(int fd, long request, MemorySegment argument) {
        long address = Kernel.address(argument, 0, argument.byteSize());
        try {
            return (int) Kernel.invoke(SystemCall.IOCTL, fd, request, address);
        } finally {
            Reference.reachabilityFence(argument);
        }
    }

    /**
     * A device's own call, with a number.
     *
     * @param fd the device
     * @param request the request's number
     * @param argument the number
     * @return 0, a positive result, or {@code -errno}
     */
    public static int tryIoctl(int fd, long request, long argument) {
        return (int) Kernel.invoke(SystemCall.IOCTL, fd, request, argument);
    }

    /**
     * As {@link #tryIoctl(int, long, MemorySegment)}, or throws.
     *
     * @param fd the device
     * @param request the request's number
     * @param argument native memory laid out as the request wants it
     * @return 0 or a positive result
     */
    public static int ioctl(int fd, long request, MemorySegment argument) {
        return checkIoctl(tryIoctl(fd, request, argument), fd, request);
    }

    /**
     * As {@link #tryIoctl(int, long, long)}, or throws.
     *
     * @param fd the device
     * @param request the request's number
     * @param argument the number
     * @return 0 or a positive result
     */
    public static int ioctl(int fd, long request, long argument) {
        return checkIoctl(tryIoctl(fd, request, argument), fd, request);
    }

    private static int checkIoctl(int result, int fd, long request) {
        if (result < 0) {
            throw new NativeException(
                    SystemCall.IOCTL, result, "fd=" + fd + ", request=0x" + Long.toHexString(request));
        }
        return result;
    }

    /**
     * Whether a descriptor is a terminal.
     *
     * @param fd for example 1, the standard output
     * @return true for a terminal
     */
    public static boolean isTerminal(int fd) {
        CallScratch scratch = CallScratch.current();
        scratch.buffer().set(ValueLayout.JAVA_LONG, 0, 0L);
        return Kernel.invoke(SystemCall.IOCTL, fd, TCGETS, scratch.address()) == 0;
    }
}
