// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

/** Memory files without a name in any file system ({@code memfd_create(2)}), and their seals. */
public final class MemFd {
    // linux/fcntl.h
    /** No more seals can be added. */
    public static final int F_SEAL_SEAL = 1;
    /** The file cannot become smaller: who maps it is safe from truncation. */
    public static final int F_SEAL_SHRINK = 2;
    /** The file cannot become larger. */
    public static final int F_SEAL_GROW = 4;
    /** The contents cannot change. */
    public static final int F_SEAL_WRITE = 8;
    /** No new writable mapping and no write; existing writable mappings stay. */
    public static final int F_SEAL_FUTURE_WRITE = 16;

    private static final int F_ADD_SEALS = 1033;
    private static final int F_GET_SEALS = 1034;
    // linux/memfd.h
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int MFD_HUGETLB = 4;
    private static final int MFD_HUGE_SHIFT = 26;

    private MemFd() {}

    /**
     * Makes a memory file that can be sealed.
     *
     * @param name shown in {@code /proc}, need not be unique, up to 249 bytes
     * @param sizeBytes its size
     * @return owned by the caller, close-on-exec
     */
    public static OwnedFd create(String name, long sizeBytes) {
        return create(name, sizeBytes, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }

    /**
     * Makes a memory file of huge pages. The pages are taken when the file is mapped, which fails with
     * {@link Errno#ENOMEM} when there are not enough.
     *
     * @param name shown in {@code /proc}
     * @param sizeBytes its size, a multiple of the huge page size
     * @param hugePageBytes the huge page size, or 0 for the system's default
     * @return owned by the caller, close-on-exec
     */
    public static OwnedFd createHuge(String name, long sizeBytes, long hugePageBytes) {
        int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB;
        return create(name, sizeBytes, flags | HugePages.sizeFlag(hugePageBytes, MFD_HUGE_SHIFT));
    }

    private static OwnedFd create(String name, long sizeBytes, int flags) {
        long address = CallScratch.current().path(name);
        long result = Kernel.invoke(SystemCall.MEMFD_CREATE, address, Integer.toUnsignedLong(flags));
        OwnedFd fd = OwnedFd.fromResult(result, SystemCall.MEMFD_CREATE, name);
        try {
            FileCalls.ftruncate(fd.fd(), sizeBytes);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
        return fd;
    }

    /**
     * Adds seals, for good.
     *
     * @param fd a memory file
     * @param seals {@code F_SEAL_} constants
     */
    public static void addSeals(int fd, int seals) {
        long result = Kernel.invoke(SystemCall.FCNTL, fd, F_ADD_SEALS, seals);
        if (result < 0) {
            throw new NativeException(SystemCall.FCNTL, result, "F_ADD_SEALS, fd=" + fd + ", seals=" + seals);
        }
    }

    /**
     * The seals of a memory file.
     *
     * @param fd any file
     * @return {@code F_SEAL_} constants; 0 for a file that cannot be sealed
     */
    public static int seals(int fd) {
        long result = Kernel.invoke(SystemCall.FCNTL, fd, F_GET_SEALS);
        return result == -Errno.EINVAL ? 0 : (int) Kernel.check(result, SystemCall.FCNTL, fd);
    }
}
