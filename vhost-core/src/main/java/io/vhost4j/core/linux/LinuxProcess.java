// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.ValueLayout;

/** Facts about this process and the calling thread. */
public final class LinuxProcess {
    // asm-generic/resource.h
    private static final int RLIMIT_NOFILE = 7;
    private static final int RLIMIT_MEMLOCK = 8;

    private static final class PageSizeHolder {
        static final long BYTES = Kernel.pageSize();
    }

    private LinuxProcess() {}

    /**
     * A resource limit.
     *
     * @param soft what is enforced
     * @param hard up to what the process may raise it; -1 means unlimited, for both
     */
    public record Limit(long soft, long hard) {
        /** {@code RLIM_INFINITY}. */
        public static final long UNLIMITED = -1;
    }

    /**
     * The system's page size.
     *
     * @return in bytes, a power of two
     */
    public static long pageSize() {
        return PageSizeHolder.BYTES;
    }

    /**
     * This process.
     *
     * @return its id
     */
    public static int pid() {
        return (int) Kernel.invoke(SystemCall.GETPID, 0, 0);
    }

    /**
     * The calling thread as the kernel numbers it. Of no use in a virtual thread, which changes its kernel thread.
     *
     * @return its id
     */
    public static int tid() {
        return (int) Kernel.invoke(SystemCall.GETTID, 0, 0);
    }

    /**
     * How many files this process may have open.
     *
     * @return {@code RLIMIT_NOFILE}
     */
    public static Limit openFilesLimit() {
        return limit(RLIMIT_NOFILE);
    }

    /**
     * How much memory this process may lock.
     *
     * @return {@code RLIMIT_MEMLOCK}, in bytes
     */
    public static Limit lockedMemoryLimit() {
        return limit(RLIMIT_MEMLOCK);
    }

    private static Limit limit(int resource) {
        CallScratch scratch = CallScratch.current();
        long result = Kernel.invoke(SystemCall.GETRLIMIT, 0, resource, 0, scratch.address());
        if (result < 0) {
            throw new NativeException(SystemCall.GETRLIMIT, result, "resource=" + resource);
        }
        return new Limit(
                scratch.buffer().get(ValueLayout.JAVA_LONG, 0),
                scratch.buffer().get(ValueLayout.JAVA_LONG, Long.BYTES));
    }
}
