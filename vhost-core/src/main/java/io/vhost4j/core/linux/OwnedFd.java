// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A file descriptor with one owner, who closes it. Closing twice, from any threads, closes once. The owner makes sure
 * that nobody uses {@link #fd()}'s number after the close: the kernel gives the number to the next file.
 */
public final class OwnedFd implements AutoCloseable {
    private static final int GONE = -1;
    private static final VarHandle FD;
    private static final AtomicLong OPEN = new AtomicLong();

    static {
        try {
            FD = MethodHandles.lookup().findVarHandle(OwnedFd.class, "fd", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int fd;

    private OwnedFd(int fd) {
        this.fd = fd;
    }

    /**
     * Takes ownership of an open descriptor.
     *
     * @param fd the descriptor's number, not negative
     * @return its owner
     */
    public static OwnedFd of(int fd) {
        if (fd < 0) {
            throw new IllegalArgumentException("fd=" + fd + ": not a file descriptor");
        }
        OwnedFd owned = new OwnedFd(fd);
        OPEN.incrementAndGet();
        return owned;
    }

    /** From the gate's convention: throws where {@code result} is {@code -errno}. */
    static OwnedFd fromResult(long result, SystemCall call, String details) {
        if (result < 0) {
            throw new NativeException(call, result, details);
        }
        return of((int) result);
    }

    /**
     * The descriptor's number; ownership stays here.
     *
     * @return the number
     * @throws IllegalStateException if closed or released
     */
    public int fd() {
        int current = fd;
        if (current == GONE) {
            throw new IllegalStateException("the file descriptor was closed or given away");
        }
        return current;
    }

    /**
     * Whether the descriptor is still owned here.
     *
     * @return false once closed or released
     */
    public boolean isOpen() {
        return fd != GONE;
    }

    /**
     * Gives ownership to the caller, who closes the descriptor from here on.
     *
     * @return the number
     * @throws IllegalStateException if closed or released
     */
    public int release() {
        int taken = take();
        if (taken == GONE) {
            throw new IllegalStateException("the file descriptor was closed or given away");
        }
        return taken;
    }

    /**
     * A second descriptor, close-on-exec, for the same open file.
     *
     * @return owned by the caller
     */
    public OwnedFd dup() {
        return FileCalls.dup(fd());
    }

    private int take() {
        int taken = (int) FD.getAndSet(this, GONE);
        if (taken != GONE) {
            OPEN.decrementAndGet();
        }
        return taken;
    }

    /**
     * Closes the descriptor if it is still owned here.
     *
     * @throws NativeException if it was closed by somebody who does not own it; other errors of closing are those of the peer's file
     */
    @Override
    public void close() {
        int taken = take();
        if (taken != GONE) {
            Kernel.close(taken);
        }
    }

    /**
     * How many descriptors are owned in this process, for leak checks.
     *
     * @return the number of open instances
     */
    public static long openCount() {
        return OPEN.get();
    }

    @Override
    public String toString() {
        int current = fd;
        return current == GONE ? "fd closed" : "fd " + current;
    }
}
