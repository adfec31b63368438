// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Waits for many descriptors ({@code epoll(7)}); nothing is allocated per event. One thread waits and reads the events;
 * any thread may add, modify and remove descriptors, and wake the waiting thread by {@link #wakeup()}.
 *
 * <pre>{@code
 * struct epoll_event { uint32_t events; epoll_data_t data; };   // packed on x86-64: data at 4; elsewhere at 8
 * }</pre>
 */
public final class Epoll implements AutoCloseable {
    // linux/eventpoll.h
    /** Can be read. */
    public static final int IN = 0x1;
    /** Can be written. */
    public static final int OUT = 0x4;
    /** Has an error; always reported. */
    public static final int ERR = 0x8;
    /** The peer is gone; always reported. */
    public static final int HUP = 0x10;
    /** The peer ended its sending. */
    public static final int RDHUP = 0x2000;
    /** Report once, then wait for {@link #modify}. */
    public static final int ONESHOT = 1 << 30;
    /** Report changes only. */
    public static final int EDGE = 1 << 31;

    /** The token that {@link #wakeup()} uses; not for callers. */
    public static final long WAKE_TOKEN = Long.MIN_VALUE;

    private static final int CTL_ADD = 1;
    private static final int CTL_DEL = 2;
    private static final int CTL_MOD = 3;
    private static final int DATA = Arch.choose(4, 8);
    private static final int EVENT_SIZE = Arch.choose(12, 16);
    private static final long SIGSET_BYTES = 8;

    private final OwnedFd owned;
    private final EventFd waker;
    private final MemorySegment buffer;
    private final int[] readyEvents;
    private final long[] readyTokens;
    private int ready;

    private Epoll(OwnedFd owned, EventFd waker, int maxEvents) {
        this.owned = owned;
        this.waker = waker;
        // one more for the waker, so that it never displaces a caller's event
        buffer = Arena.ofAuto().allocate((maxEvents + 1L) * EVENT_SIZE, Long.BYTES);
        readyEvents = new int[maxEvents + 1];
        readyTokens = new long[maxEvents + 1];
    }

    /**
     * Makes a set without descriptors.
     *
     * @param maxEvents how many events one wait reports at most, 1 to 65536; the rest comes with the next
     * @return owned by the caller
     */
    public static Epoll create(int maxEvents) {
        if (maxEvents < 1 || maxEvents > 65536) {
            throw new IllegalArgumentException("maxEvents=" + maxEvents + ": must be 1 to 65536");
        }
        EventFd waker = EventFd.create();
        @Nullable OwnedFd owned = null;
        try {
            long result = Kernel.invoke(SystemCall.EPOLL_CREATE, FileCalls.O_CLOEXEC, 0);
            owned = OwnedFd.fromResult(result, SystemCall.EPOLL_CREATE, "");
            Epoll epoll = new Epoll(owned, waker, maxEvents);
            epoll.control(CTL_ADD, waker.fd(), IN, WAKE_TOKEN);
            return epoll;
        } catch (Throwable t) {
            try (waker) {
                if (owned != null) {
                    owned.close();
                }
            }
            throw t;
        }
    }

    /**
     * Adds a descriptor.
     *
     * @param fd the descriptor; remove it before closing it if other descriptors share its open file
     * @param events constants of this class, or-ed
     * @param token reported with its events; any value but {@link #WAKE_TOKEN}
     * @throws NativeException {@link Errno#EEXIST} if it is in the set, {@link Errno#EPERM} if it is a regular file
     */
    public void add(int fd, int events, long token) {
        control(CTL_ADD, fd, events, requireOwnToken(token));
    }

    /**
     * Changes what is reported for a descriptor.
     *
     * @param fd a descriptor in the set
     * @param events constants of this class, or-ed
     * @param token reported with its events
     * @throws NativeException {@link Errno#ENOENT} if it is not in the set
     */
    public void modify(int fd, int events, long token) {
        control(CTL_MOD, fd, events, requireOwnToken(token));
    }

    /**
     * Removes a descriptor. Events of it that {@link #await} has reported already can still be read.
     *
     * @param fd a descriptor in the set
     * @throws NativeException {@link Errno#ENOENT} if it is not in the set
     */
    public void remove(int fd) {
        control(CTL_DEL, fd, 0, 0);
    }

    private static long requireOwnToken(long token) {
        if (token == WAKE_TOKEN) {
            throw new IllegalArgumentException("token=" + token + ": reserved for wake-ups, use another");
        }
        return token;
    }

    private void control(int operation, int fd, int events, long token) {
        CallScratch scratch = CallScratch.current();
        scratch.buffer().set(ValueLayout.JAVA_INT, 0, events);
        scratch.buffer().set(ValueLayout.JAVA_LONG_UNALIGNED, DATA, token);
        long result = Kernel.invoke(SystemCall.EPOLL_CTL, owned.fd(), operation, fd, scratch.address());
        if (result < 0) {
            throw new NativeException(SystemCall.EPOLL_CTL, result, "operation=" + operation + ", fd=" + fd);
        }
    }

    /**
     * Waits for events, a wake-up, or the end of the time.
     *
     * @param timeoutMillis how long at most; 0 to look only; negative for ever
     * @return how many events can be read; 0 after a wake-up or the end of the time
     */
    public int await(int timeoutMillis) {
        ready = 0;
        long start = System.nanoTime();
        int remaining = Math.max(timeoutMillis, -1);
        long result;
        try {
            do {
                result = Kernel.invokeOnce(
                        SystemCall.EPOLL_WAIT,
                        owned.fd(),
                        buffer.address(),
                        readyEvents.length,
                        remaining,
                        0,
                        SIGSET_BYTES);
                if (result == -Errno.EINTR && timeoutMillis > 0) {
                    long elapsed = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
                    remaining = (int) Math.max(0, timeoutMillis - elapsed);
                }
            } while (result == -Errno.EINTR);
        } finally {
            Reference.reachabilityFence(buffer);
        }
        collect((int) Kernel.check(result, SystemCall.EPOLL_WAIT, owned.fd()));
        return ready;
    }

    private void collect(int count) {
        for (int i = 0; i < count; i++) {
            long at = (long) i * EVENT_SIZE;
            long token = buffer.get(ValueLayout.JAVA_LONG_UNALIGNED, at + DATA);
            if (token == WAKE_TOKEN) {
                waker.drain();
            } else {
                readyEvents[ready] = buffer.get(ValueLayout.JAVA_INT_UNALIGNED, at);
                readyTokens[ready] = token;
                ready++;
            }
        }
    }

    /**
     * Which descriptor an event belongs to.
     *
     * @param index 0 to what {@link #await} returned, exclusive
     * @return the token that the descriptor was added with
     */
    public long token(int index) {
        return readyTokens[Objects.checkIndex(index, ready)];
    }

    /**
     * What happened.
     *
     * @param index 0 to what {@link #await} returned, exclusive
     * @return constants of this class, or-ed
     */
    public int events(int index) {
        return readyEvents[Objects.checkIndex(index, ready)];
    }

    /**
     * Lets the current or the next {@link #await} return. Any thread.
     *
     * @throws IllegalStateException if closed
     */
    public void wakeup() {
        waker.signal();
    }

    /** Closes the set; the descriptors in it stay open. The waiting thread must have left {@link #await}. */
    @Override
    public void close() {
        try (waker) {
            owned.close();
        }
    }
}
