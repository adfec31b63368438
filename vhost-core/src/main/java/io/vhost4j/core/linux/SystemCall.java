// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

/**
 * The kernel calls that this library makes. Numbers: {@code arch/x86/entry/syscalls/syscall_64.tbl} and, for aarch64,
 * {@code include/uapi/asm-generic/unistd.h}. Only calls that both architectures have are used ({@code openat}, never
 * {@code open}).
 */
public enum SystemCall {
    /** {@code read(2)}. */
    READ("read", 0, 63),
    /** {@code write(2)}. */
    WRITE("write", 1, 64),
    /** {@code close(2)}. */
    CLOSE("close", 3, 57),
    /** {@code mmap(2)}. */
    MMAP("mmap", 9, 222),
    /** {@code mprotect(2)}. */
    MPROTECT("mprotect", 10, 226),
    /** {@code munmap(2)}. */
    MUNMAP("munmap", 11, 215),
    /** {@code ioctl(2)}. */
    IOCTL("ioctl", 16, 29),
    /** {@code pread(2)}. */
    PREAD("pread", 17, 67),
    /** {@code pwrite(2)}. */
    PWRITE("pwrite", 18, 68),
    /** {@code madvise(2)}. */
    MADVISE("madvise", 28, 233),
    /** {@code getpid(2)}. */
    GETPID("getpid", 39, 172),
    /** {@code socket(2)}. */
    SOCKET("socket", 41, 198),
    /** {@code connect(2)}. */
    CONNECT("connect", 42, 203),
    /** {@code sendmsg(2)}. */
    SENDMSG("sendmsg", 46, 211),
    /** {@code recvmsg(2)}. */
    RECVMSG("recvmsg", 47, 212),
    /** {@code shutdown(2)}. */
    SHUTDOWN("shutdown", 48, 210),
    /** {@code bind(2)}. */
    BIND("bind", 49, 200),
    /** {@code listen(2)}. */
    LISTEN("listen", 50, 201),
    /** {@code getsockname(2)}. */
    GETSOCKNAME("getsockname", 51, 204),
    /** {@code getpeername(2)}. */
    GETPEERNAME("getpeername", 52, 205),
    /** {@code socketpair(2)}. */
    SOCKETPAIR("socketpair", 53, 199),
    /** {@code getsockopt(2)}. */
    GETSOCKOPT("getsockopt", 55, 209),
    /** {@code fcntl(2)}. */
    FCNTL("fcntl", 72, 25),
    /** {@code ftruncate(2)}. */
    FTRUNCATE("ftruncate", 77, 46),
    /** {@code fstatfs(2)}. */
    FSTATFS("fstatfs", 138, 44),
    /** {@code mlock(2)}. */
    MLOCK("mlock", 149, 228),
    /** {@code munlock(2)}. */
    MUNLOCK("munlock", 150, 229),
    /** {@code gettid(2)}. */
    GETTID("gettid", 186, 178),
    /** {@code futex(2)}. */
    FUTEX("futex", 202, 98),
    /** {@code sched_setaffinity(2)}. */
    SCHED_SETAFFINITY("sched_setaffinity", 203, 122),
    /** {@code sched_getaffinity(2)}. */
    SCHED_GETAFFINITY("sched_getaffinity", 204, 123),
    /** {@code io_setup(2)}. */
    IO_SETUP("io_setup", 206, 0),
    /** {@code io_submit(2)}. */
    IO_SUBMIT("io_submit", 209, 2),
    /** {@code epoll_ctl(2)}. */
    EPOLL_CTL("epoll_ctl", 233, 21),
    /** {@code mbind(2)}. */
    MBIND("mbind", 237, 235),
    /** {@code get_mempolicy(2)}. */
    GET_MEMPOLICY("get_mempolicy", 239, 236),
    /** {@code openat(2)}, shown as {@code open}. */
    OPEN("open", 257, 56),
    /** {@code fchownat(2)}, shown as {@code chown}. */
    CHOWN("chown", 260, 54),
    /** {@code unlinkat(2)}, shown as {@code unlink}. */
    UNLINK("unlink", 263, 35),
    /** {@code fchmodat(2)}, shown as {@code chmod}. */
    CHMOD("chmod", 268, 53),
    /** {@code ppoll(2)}, shown as {@code poll}. */
    POLL("poll", 271, 73),
    /** {@code epoll_pwait(2)}, shown as {@code epoll_wait}. */
    EPOLL_WAIT("epoll_wait", 281, 22),
    /** {@code fallocate(2)}. */
    FALLOCATE("fallocate", 285, 47),
    /** {@code accept4(2)}, shown as {@code accept}. */
    ACCEPT("accept", 288, 242),
    /** {@code eventfd2(2)}, shown as {@code eventfd}. */
    EVENTFD("eventfd", 290, 19),
    /** {@code epoll_create1(2)}, shown as {@code epoll_create}. */
    EPOLL_CREATE("epoll_create", 291, 20),
    /** {@code prlimit64(2)}, shown as {@code getrlimit}. */
    GETRLIMIT("getrlimit", 302, 261),
    /** {@code getcpu(2)}. */
    GETCPU("getcpu", 309, 168),
    /** {@code memfd_create(2)}. */
    MEMFD_CREATE("memfd_create", 319, 279),
    /** {@code userfaultfd(2)}. */
    USERFAULTFD("userfaultfd", 323, 282),
    /** {@code preadv2(2)}. */
    PREADV2("preadv2", 327, 286),
    /** {@code pwritev2(2)}. */
    PWRITEV2("pwritev2", 328, 287),
    /** {@code statx(2)}, shown as {@code fstat}. */
    FSTAT("fstat", 332, 291);

    private final String label;
    private final long number;

    SystemCall(String label, int x86, int aarch64) {
        this.label = label;
        this.number = Arch.choose(x86, aarch64);
    }

    /**
     * The call's familiar C name, as it appears in messages.
     *
     * @return for example {@code open}
     */
    public String label() {
        return label;
    }

    long number() {
        return number;
    }
}
