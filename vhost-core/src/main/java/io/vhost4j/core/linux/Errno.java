// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

/**
 * Error numbers of Linux ({@code asm-generic/errno-base.h}, {@code asm-generic/errno.h}; equal on x86-64 and aarch64),
 * their names, and their texts.
 */
public final class Errno {
    /** Operation not permitted. */
    public static final int EPERM = 1;
    /** No such file or directory. */
    public static final int ENOENT = 2;
    /** Interrupted; retried inside this package, so callers never see it. */
    public static final int EINTR = 4;
    /** Input/output error. */
    public static final int EIO = 5;
    /** No such device or address. */
    public static final int ENXIO = 6;
    /** Bad file descriptor. */
    public static final int EBADF = 9;
    /** Try again: the call would block. */
    public static final int EAGAIN = 11;
    /** Cannot allocate memory. */
    public static final int ENOMEM = 12;
    /** Permission denied. */
    public static final int EACCES = 13;
    /** Bad address. */
    public static final int EFAULT = 14;
    /** Device or resource busy. */
    public static final int EBUSY = 16;
    /** File exists. */
    public static final int EEXIST = 17;
    /** No such device. */
    public static final int ENODEV = 19;
    /** Invalid argument. */
    public static final int EINVAL = 22;
    /** Too many open files in the system. */
    public static final int ENFILE = 23;
    /** Too many open files in this process. */
    public static final int EMFILE = 24;
    /** Inappropriate ioctl for device. */
    public static final int ENOTTY = 25;
    /** No space left on device. */
    public static final int ENOSPC = 28;
    /** Broken pipe: the reading side is gone. */
    public static final int EPIPE = 32;
    /** Function not implemented by this kernel. */
    public static final int ENOSYS = 38;
    /** Operation not supported. */
    public static final int EOPNOTSUPP = 95;
    /** Address already in use. */
    public static final int EADDRINUSE = 98;
    /** The connection was aborted before it was accepted. */
    public static final int ECONNABORTED = 103;
    /** The peer closed the connection with data unread. */
    public static final int ECONNRESET = 104;
    /** Not connected. */
    public static final int ENOTCONN = 107;
    /** Timed out. */
    public static final int ETIMEDOUT = 110;
    /** Nobody listens at the address. */
    public static final int ECONNREFUSED = 111;
    /** The operation goes on in the background. */
    public static final int EINPROGRESS = 115;

    /** What reading and writing calls return where they would block: {@code -EAGAIN}. */
    public static final int WOULD_BLOCK = -EAGAIN;

    /** Names in the order of their numbers, from 1; a dash marks a number that is not in use. */
    private static final String[] NAMES =
            ("EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY"
                + " EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS"
                + " EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG"
                + " EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT -"
                + " EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP"
                + " EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ"
                + " ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT"
                + " ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH"
                + " ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT"
                + " ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM"
                + " EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED"
                + " EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON")
                    .split(" ");

    private Errno() {}

    /**
     * The symbolic name of an error number.
     *
     * @param errno a positive error number
     * @return for example {@code EACCES}, or {@code errno 4711} for a number that Linux does not define
     */
    public static String name(int errno) {
        if (errno < 1 || errno > NAMES.length || NAMES[errno - 1].equals("-")) {
            return "errno " + errno;
        }
        return NAMES[errno - 1];
    }

    /**
     * The C library's text for an error number, as {@code strerror} gives it.
     *
     * @param errno a positive error number
     * @return for example {@code Permission denied}
     */
    public static String text(int errno) {
        return Kernel.errorText(errno);
    }
}
