// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

/** Access to {@code userfaultfd(2)}, by which a process serves the page faults of its own memory. */
public final class UserFaultFd {
    /** For {@link #tryOpen}: serve only faults of user code; needs no privilege. {@code linux/userfaultfd.h}. */
    public static final int UFFD_USER_MODE_ONLY = 1;

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
}
