// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Waits for one descriptor ({@code poll(2)}).
 *
 * <pre>{@code
 * struct pollfd { int fd; short events; short revents; };
 * struct timespec { long tv_sec; long tv_nsec; };
 * }</pre>
 */
public final class Poll {
    // asm-generic/poll.h
    /** Can be read. */
    public static final int IN = 0x1;
    /** Can be written. */
    public static final int OUT = 0x4;
    /** Has an error; always reported. */
    public static final int ERR = 0x8;
    /** The peer is gone; always reported. */
    public static final int HUP = 0x10;
    /** Not an open descriptor; always reported. */
    public static final int NVAL = 0x20;

    private static final long EVENTS = 4;
    private static final long REVENTS = 6;
    private static final long TIMESPEC = 8;
    private static final long NANOS = 16;
    private static final long SIGSET_BYTES = 8;
    private static final int MILLIS_PER_SECOND = 1000;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private Poll() {}

    /**
     * Waits until one of the events holds or the time is over. An interrupted wait goes on for the remaining time, which
     * the kernel keeps in the timeout it was given.
     *
     * @param fd the descriptor
     * @param events constants of this class, or-ed
     * @param timeoutMillis how long at most; 0 to look only; negative for ever
     * @return the events that hold, 0 if the time was over
     */
    public static int await(int fd, int events, int timeoutMillis) {
        CallScratch scratch = CallScratch.current();
        MemorySegment buffer = scratch.buffer();
        buffer.set(ValueLayout.JAVA_INT, 0, fd);
        buffer.set(ValueLayout.JAVA_SHORT, EVENTS, (short) events);
        buffer.set(ValueLayout.JAVA_SHORT, REVENTS, (short) 0);
        buffer.set(ValueLayout.JAVA_LONG, TIMESPEC, Math.max(timeoutMillis, 0) / MILLIS_PER_SECOND);
        buffer.set(ValueLayout.JAVA_LONG, NANOS, Math.max(timeoutMillis, 0) % MILLIS_PER_SECOND * NANOS_PER_MILLI);
        long timeout = timeoutMillis < 0 ? 0 : scratch.address() + TIMESPEC;
        long result = Kernel.invoke(SystemCall.POLL, scratch.address(), 1, timeout, 0, SIGSET_BYTES, 0);
        Kernel.check(result, SystemCall.POLL, fd);
        return Short.toUnsignedInt(buffer.get(ValueLayout.JAVA_SHORT, REVENTS));
    }
}
