// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Access to {@code userfaultfd(2)}, by which a process serves the page faults of its own memory. */
public final class UserFaultFd {
    /** For {@link #tryOpen}: serve only faults of user code; needs no privilege. {@code linux/userfaultfd.h}. */
    public static final int UFFD_USER_MODE_ONLY = 1;

    // linux/userfaultfd.h
    private static final long API = 0xAA;
    private static final long UFFDIO_API = 0xC018_AA3FL;
    private static final long UFFDIO_REGISTER = 0xC020_AA00L;
    private static final long MODE_MISSING = 1;

    private UserFaultFd() {}

    /**
     * Makes a descriptor, close-on-exec and non-blocking, if the kernel lets this process.
     *
     * @param flags 0 or {@link #UFFD_USER_MODE_ONLY}
     * @return its number, owned by the caller (see {@link OwnedFd#of}); or {@code -errno}: {@code -ENOSYS} where the kernel
     *     lacks it, {@code -EPERM} where a privilege or {@code vm.unprivileged_userfaultfd} is missing
     */
    public static int tryOpen(int flags) {
        return (int) Kernel.invoke(SystemCall.USERFAULTFD, flags | FileCalls.O_CLOEXEC | FileCalls.O_NONBLOCK, 0);
    }

    /**
     * Agrees on the interface's version; first call on a new descriptor.
     *
     * @throws NativeException if the kernel does not take it
     */
    public static void enable(OwnedFd fd) {
        try (Arena arena = Arena.ofConfined()) {
            // struct uffdio_api: api u64, features u64, ioctls u64
            MemorySegment api = arena.allocate(24, Long.BYTES);
            api.set(ValueLayout.JAVA_LONG, 0, API);
            FileCalls.ioctl(fd.fd(), UFFDIO_API, api);
        }
    }

    /**
     * Has faults on missing pages of {@code length} bytes at {@code address} served through the descriptor.
     *
     * @param address start of a page
     * @param length whole pages
     * @throws NativeException if the kernel refuses
     */
    public static void register(OwnedFd fd, long address, long length) {
        try (Arena arena = Arena.ofConfined()) {
            // struct uffdio_register: start u64, len u64, mode u64, ioctls u64
            MemorySegment range = arena.allocate(32, Long.BYTES);
            range.set(ValueLayout.JAVA_LONG, 0, address);
            range.set(ValueLayout.JAVA_LONG, 8, length);
            range.set(ValueLayout.JAVA_LONG, 16, MODE_MISSING);
            FileCalls.ioctl(fd.fd(), UFFDIO_REGISTER, range);
        }
    }
}
