// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An event counter of the kernel ({@code eventfd(2)}). Neither {@link #signal} nor {@link #drain} allocates.
 *
 * <p>A received descriptor shares its file status flags with the peer, so it may be a blocking one, and become one at any
 * time. This class does not change the peer's flags: {@link #drain} asks the kernel for a read that never waits, and
 * {@link #signal} has the kernel add to the counter, see {@link AioSignal}. Only where the kernel has neither does it look first
 * whether there is room, and a peer that fills the counter between the look and the write can hold the signalling thread until
 * somebody reads the counter.
 */
public final class EventFd implements AutoCloseable {
    // linux/eventfd.h: EFD_CLOEXEC, EFD_NONBLOCK
    private static final int FLAGS = FileCalls.O_CLOEXEC | FileCalls.O_NONBLOCK;
    /** {@code RWF_NOWAIT} of {@code linux/fs.h}. */
    private static final int RWF_NOWAIT = 0x8;

    private static final String LINK = "anon_inode:[eventfd]";
    private static final MemorySegment ONE = one();

    private final OwnedFd owned;
    private final boolean shared;
    /** Whether it is a received event counter, rather than a pipe or socket. */
    private final boolean counter;
    /** The same descriptor, where it is a socket: on one, writing without waiting can be asked for. */
    private final @Nullable UnixSocket socket;

    private EventFd(OwnedFd owned, boolean shared, boolean counter, @Nullable UnixSocket socket) {
        this.owned = owned;
        this.shared = shared;
        this.counter = counter;
        this.socket = socket;
    }

    private static MemorySegment one() {
        MemorySegment value = Arena.global().allocate(ValueLayout.JAVA_LONG);
        value.set(ValueLayout.JAVA_LONG, 0, 1L);
        return value.asReadOnly();
    }

    /**
     * Makes a counter at 0, close-on-exec and non-blocking.
     *
     * @return owned by the caller
     */
    public static EventFd create() {
        long result = Kernel.invoke(SystemCall.EVENTFD, 0, FLAGS);
        return new EventFd(OwnedFd.fromResult(result, SystemCall.EVENTFD, "0"), false, false, null);
    }

    /**
     * Makes an object for a counter that somebody else made. A stream socket or the writing end of a pipe does as well, to
     * {@link #signal} only: some peers (user-mode Linux) send one.
     *
     * @param fd for example received from a peer; owned by the new object, also when this throws
     * @return owned by the caller
     * @throws IllegalArgumentException if it is another kind of file, on which reading and writing could block
     */
    public static EventFd adopt(OwnedFd fd) {
        try {
            if (isEventFd(fd.fd())) {
                return new EventFd(fd, true, true, null);
            }
            FileStatus status = FileStatus.of(fd.fd());
            if (!status.isPipe() && !status.isSocket()) {
                throw new IllegalArgumentException(
                        fd + " is neither an eventfd nor a pipe nor a socket: the peer must send one");
            }
            if (status.isSocket() && UnixSocket.isNamed(fd.fd())) {
                throw new IllegalArgumentException(fd + " is a socket with a name: the peer must send one of a pair");
            }
            return new EventFd(fd, true, false, status.isSocket() ? UnixSocket.of(fd) : null);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Whether a descriptor is an event counter, as its link in {@code /proc/self/fd} tells.
     *
     * @param fd any number
     * @return false for another kind of file, and for a number that is not open
     */
    public static boolean isEventFd(int fd) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd))
                    .toString()
                    .equals(LINK);
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException("reading the link /proc/self/fd/" + fd, e);
        }
    }

    /**
     * Adds 1 to the counter and so wakes whoever waits for it. Any thread.
     *
     * @return false if the counter is full, and whoever waits is awake, so that this is no loss; or if the peer's descriptor
     *     cannot be written to: nobody has the other end of a pipe, a socket is not connected
     * @throws NativeException if the kernel refuses to signal one that was made here
     */
    public boolean signal() {
        if (shared) {
            return trySignal();
        }
        int fd = owned.fd();
        long result = Kernel.invoke(SystemCall.WRITE, fd, ONE.address(), Long.BYTES);
        if (result == Errno.WOULD_BLOCK) {
            return false;
        }
        Kernel.check(result, SystemCall.WRITE, fd);
        return true;
    }

    /** Pipes can be written to without waiting; on counters, and on named pipes of older kernels, this looks before it writes. */
    private static long writeNoWait(int fd) {
        CallScratch scratch = CallScratch.current();
        scratch.buffer().set(ValueLayout.JAVA_LONG, 0, ONE.address());
        scratch.buffer().set(ValueLayout.JAVA_LONG, Long.BYTES, (long) Long.BYTES);
        long result = Kernel.invoke(SystemCall.PWRITEV2, fd, scratch.address(), 1, -1, -1, RWF_NOWAIT);
        if (result != -Errno.EOPNOTSUPP) {
            return result;
        }
        if ((Poll.await(fd, Poll.OUT, 0) & Poll.OUT) == 0) {
            return Errno.WOULD_BLOCK;
        }
        return Kernel.invoke(SystemCall.WRITE, fd, ONE.address(), Long.BYTES);
    }

    /** What is wrong with a peer's descriptor is the peer's loss, and must not stop whoever serves it. */
    private boolean trySignal() {
        try {
            UnixSocket to = socket;
            if (to != null) {
                return to.send(ONE, 0, Long.BYTES) != Errno.WOULD_BLOCK;
            }
            int fd = owned.fd();
            return counter && AioSignal.signal(fd) || writeNoWait(fd) == Long.BYTES;
        } catch (NativeException e) {
            return false;
        }
    }

    /**
     * Takes what was signalled and sets the counter to 0. Any thread; never waits.
     *
     * @return how often it was signalled, as an unsigned number; 0 if it was not
     */
    public long drain() {
        int fd = owned.fd();
        CallScratch scratch = CallScratch.current();
        MemorySegment buffer = scratch.buffer();
        long result =
                shared ? readNoWait(fd, scratch) : Kernel.invoke(SystemCall.READ, fd, scratch.address(), Long.BYTES);
        if (result == Errno.WOULD_BLOCK) {
            return 0;
        }
        Kernel.check(result, shared ? SystemCall.PREADV2 : SystemCall.READ, fd);
        return buffer.get(ValueLayout.JAVA_LONG, 0);
    }

    /** {@code preadv2} with one {@code struct iovec} for the first 8 bytes of the buffer; the position -1 means none. */
    private static long readNoWait(int fd, CallScratch scratch) {
        long iovec = Long.BYTES;
        scratch.buffer().set(ValueLayout.JAVA_LONG, iovec, scratch.address());
        scratch.buffer().set(ValueLayout.JAVA_LONG, iovec + Long.BYTES, (long) Long.BYTES);
        long result = Kernel.invoke(SystemCall.PREADV2, fd, scratch.address() + iovec, 1, -1, -1, RWF_NOWAIT);
        if (result != -Errno.EOPNOTSUPP) {
            return result;
        }
        // kernels before 5.8 cannot read an event counter without waiting
        if ((Poll.await(fd, Poll.IN, 0) & Poll.IN) == 0) {
            return Errno.WOULD_BLOCK;
        }
        return Kernel.invoke(SystemCall.READ, fd, scratch.address(), Long.BYTES);
    }

    /**
     * The counter's descriptor; ownership stays here.
     *
     * @return the number
     */
    public int fd() {
        return owned.fd();
    }

    /**
     * Whether the counter was not closed yet.
     *
     * @return false once closed
     */
    public boolean isOpen() {
        return owned.isOpen();
    }

    @Override
    public void close() {
        owned.close();
    }

    @Override
    public String toString() {
        return "eventfd(" + owned + ")";
    }
}
