// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

/**
 * A kernel call failed. The message has the call, its values, the symbolic error name and the C library's text:
 * {@code open(/x/y): EACCES (Permission denied)}.
 */
public final class NativeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The call's C name. */
    private final String call;

    /** The positive error number. */
    private final int errno;

    /**
     * Creates the exception.
     *
     * @param call the call's C name
     * @param errno the positive error number, see {@link Errno}
     * @param details the values that the call was made with, for the message
     */
    public NativeException(String call, int errno, String details) {
        super(call + "(" + details + "): " + Errno.name(errno) + " (" + Errno.text(errno) + ")");
        this.call = call;
        this.errno = errno;
    }

    /** From the gate's convention: {@code result} is {@code -errno}. */
    NativeException(SystemCall call, long result, String details) {
        this(call.label(), Math.toIntExact(-result), details);
    }

    /**
     * The call that failed.
     *
     * @return its C name, for example {@code open}
     */
    public String call() {
        return call;
    }

    /**
     * Why it failed.
     *
     * @return the positive error number, to be compared with the constants of {@link Errno}
     */
    public int errno() {
        return errno;
    }
}
