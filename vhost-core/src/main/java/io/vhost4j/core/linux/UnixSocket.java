// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.Optional;

/**
 * A stream socket of the {@code AF_UNIX} family, which can carry file descriptors. No call blocks, whatever the file
 * status flags say: they are shared with every process that holds the socket. Sending never raises {@code SIGPIPE}. Paths
 * have up to 107 bytes; {@code @name} is a name in the abstract namespace.
 *
 * <p>One thread may send while another receives.
 */
public final class UnixSocket implements AutoCloseable {
    /** For {@link #shutdown(int)}: no more receiving. */
    public static final int SHUT_RD = 0;
    /** For {@link #shutdown(int)}: no more sending. */
    public static final int SHUT_WR = 1;
    /** For {@link #shutdown(int)}: neither. */
    public static final int SHUT_RDWR = 2;

    // bits/socket_type.h
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    // asm-generic/socket.h
    private static final int SOL_SOCKET = 1;
    private static final int SO_ERROR = 4;
    private static final int SO_PEERCRED = 17;
    // bits/socket.h
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;

    private static final int[] NO_FDS = {};

    private final OwnedFd owned;

    private UnixSocket(OwnedFd owned) {
        this.owned = owned;
    }

    /**
     * Two connected sockets.
     *
     * @param first one end
     * @param second the other end
     */
    public record Pair(UnixSocket first, UnixSocket second) implements AutoCloseable {
        /** Closes both. */
        @Override
        public void close() {
            try (first) {
                second.close();
            }
        }
    }

    /**
     * The process at the other end when the connection was made ({@code struct ucred}).
     *
     * @param pid its process id
     * @param uid its effective user id
     * @param gid its effective group id
     */
    public record PeerCredentials(int pid, int uid, int gid) {}

    /**
     * Makes a socket: close-on-exec and non-blocking.
     *
     * @return the socket, neither bound nor connected
     */
    public static UnixSocket open() {
        int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
        long fd = Kernel.invoke(SystemCall.SOCKET, SockaddrUn.AF_UNIX, type, 0);
        return of(OwnedFd.fromResult(fd, SystemCall.SOCKET, "AF_UNIX"));
    }

    /**
     * Makes a socket from a descriptor, for example a received one.
     *
     * @param fd a stream socket; owned by the new object
     * @return the socket
     */
    public static UnixSocket of(OwnedFd fd) {
        return new UnixSocket(fd);
    }

    /**
     * Makes two connected sockets.
     *
     * @return both ends, close-on-exec and non-blocking
     */
    public static Pair pair() {
        CallScratch scratch = CallScratch.current();
        int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
        long result = Kernel.invoke(SystemCall.SOCKETPAIR, SockaddrUn.AF_UNIX, type, 0, scratch.address());
        if (result < 0) {
            throw new NativeException(SystemCall.SOCKETPAIR, result, "AF_UNIX");
        }
        int first = scratch.buffer().get(ValueLayout.JAVA_INT, 0);
        int second = scratch.buffer().get(ValueLayout.JAVA_INT, Integer.BYTES);
        return new Pair(of(OwnedFd.of(first)), of(OwnedFd.of(second)));
    }

    /**
     * Gives the socket an address. A file at the path, even of a dead socket, makes this fail.
     *
     * @param path the file's path or {@code @name}
     * @throws NativeException {@link Errno#EADDRINUSE} if the path exists
     */
    public void bind(String path) {
        CallScratch scratch = CallScratch.current();
        long length = SockaddrUn.write(scratch.buffer(), path);
        long result = Kernel.invoke(SystemCall.BIND, fd(), scratch.address(), length);
        if (result < 0) {
            throw new NativeException(SystemCall.BIND, result, path);
        }
    }

    /**
     * Lets peers connect.
     *
     * @param backlog how many may wait to be accepted
     */
    public void listen(int backlog) {
        int fd = fd();
        Kernel.check(Kernel.invoke(SystemCall.LISTEN, fd, backlog), SystemCall.LISTEN, fd);
    }

    /**
     * Accepts a waiting peer.
     *
     * @return the connection, close-on-exec and non-blocking; empty if nobody waits or who waited went away
     */
    public Optional<UnixSocket> accept() {
        int fd = fd();
        long result = Kernel.invoke(SystemCall.ACCEPT, fd, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (result == -Errno.EAGAIN || result == -Errno.ECONNABORTED) {
            return Optional.empty();
        }
        return Optional.of(of(OwnedFd.fromResult(result, SystemCall.ACCEPT, "fd=" + fd)));
    }

    /**
     * Connects. A socket of this family connects at once or not at all.
     *
     * @param path the file's path or {@code @name}
     * @return 0, or {@code -errno}: {@code -ENOENT} no such file, {@code -ECONNREFUSED} nobody listens, {@code -EAGAIN}
     *     the listener's backlog is full, {@code -EACCES} no permission to write to the file
     */
    public int tryConnect(String path) {
        CallScratch scratch = CallScratch.current();
        long length = SockaddrUn.write(scratch.buffer(), path);
        return (int) Kernel.invoke(SystemCall.CONNECT, fd(), scratch.address(), length);
    }

    /**
     * Connects, or throws.
     *
     * @param path the file's path or {@code @name}
     * @throws NativeException with the reasons that {@link #tryConnect} returns
     */
    public void connect(String path) {
        int result = tryConnect(path);
        if (result < 0) {
            throw new NativeException(SystemCall.CONNECT, result, path);
        }
    }

    /**
     * Takes the error that waits at the socket ({@code SO_ERROR}).
     *
     * @return a positive error number, or 0
     */
    public int pendingError() {
        return option(SO_ERROR, Integer.BYTES).get(ValueLayout.JAVA_INT, 0);
    }

    /**
     * Who is at the other end ({@code SO_PEERCRED}).
     *
     * @return the peer as it was when it connected
     */
    public PeerCredentials peerCredentials() {
        MemorySegment value = option(SO_PEERCRED, 3 * Integer.BYTES);
        return new PeerCredentials(
                value.get(ValueLayout.JAVA_INT, 0),
                value.get(ValueLayout.JAVA_INT, 4),
                value.get(ValueLayout.JAVA_INT, 8));
    }

    /**
     * Whether a socket, or what it is connected to, has a name; one end of a {@link #pair} has not. A received socket that has one
     * may be the sender's end of the very connection that it came over: kept here, it would keep that connection from ending.
     *
     * @param fd a socket
     * @return false for other files
     */
    public static boolean isNamed(int fd) {
        return hasName(SystemCall.GETSOCKNAME, fd) || hasName(SystemCall.GETPEERNAME, fd);
    }

    private static boolean hasName(SystemCall call, int fd) {
        CallScratch scratch = CallScratch.current();
        MemorySegment buffer = scratch.buffer();
        int room = 256;
        buffer.set(ValueLayout.JAVA_INT, room, room);
        long result = Kernel.invoke(call, fd, scratch.address(), scratch.address() + room);
        // a socket without a name has the family only
        return result == 0 && buffer.get(ValueLayout.JAVA_INT, room) > Short.BYTES;
    }

    private MemorySegment option(int name, int sizeBytes) {
        int fd = fd();
        CallScratch scratch = CallScratch.current();
        MemorySegment buffer = scratch.buffer();
        buffer.set(ValueLayout.JAVA_INT, sizeBytes, sizeBytes);
        long result = Kernel.invoke(
                SystemCall.GETSOCKOPT, fd, SOL_SOCKET, name, scratch.address(), scratch.address() + sizeBytes, 0);
        Kernel.check(result, SystemCall.GETSOCKOPT, fd);
        return buffer;
    }

    /**
     * Ends one or both directions; the peer sees the end of the stream. The socket stays open.
     *
     * @param how {@link #SHUT_RD}, {@link #SHUT_WR} or {@link #SHUT_RDWR}
     */
    public void shutdown(int how) {
        int fd = fd();
        Kernel.check(Kernel.invoke(SystemCall.SHUTDOWN, fd, how), SystemCall.SHUTDOWN, fd);
    }

    /**
     * Sends bytes. See {@link #send(MemorySegment, long, long, int[])}.
     *
     * @param data native memory
     * @param offset where the bytes start
     * @param lengthBytes how many, at least 1
     * @return how many were sent, or {@link Errno#WOULD_BLOCK}
     */
    public long send(MemorySegment data, long offset, long lengthBytes) {
        return send(data, offset, lengthBytes, NO_FDS);
    }

    /**
     * Sends bytes, and descriptors with the first of them. If fewer bytes are sent than asked for, the descriptors are
     * gone with them: send the rest without.
     *
     * @param data native memory
     * @param offset where the bytes start
     * @param lengthBytes how many, at least 1
     * @param fds up to {@link FdBag#MAX_FDS} descriptors, still owned by the caller afterwards
     * @return how many bytes were sent, or {@link Errno#WOULD_BLOCK}, in which case nothing was
     * @throws NativeException {@link Errno#EPIPE} or {@link Errno#ECONNRESET} if the peer is gone
     */
    public long send(MemorySegment data, long offset, long lengthBytes, int[] fds) {
        requireLength(lengthBytes);
        if (fds.length > FdBag.MAX_FDS) {
            throw new IllegalArgumentException(fds.length + " descriptors: a message carries at most " + FdBag.MAX_FDS);
        }
        int fd = fd();
        long address = Kernel.address(data, offset, lengthBytes);
        long allowed = LinuxFaults.limit(SystemCall.SENDMSG, lengthBytes);
        CallScratch scratch = CallScratch.current();
        if (fds.length == 0) {
            MsgHdr.write(scratch.buffer(), address, allowed, 0);
        } else {
            MsgHdr.writeWithFds(scratch.buffer(), address, allowed, fds);
        }
        long result;
        try {
            result = Kernel.invoke(SystemCall.SENDMSG, fd, scratch.address(), MSG_NOSIGNAL | MSG_DONTWAIT);
        } finally {
            Reference.reachabilityFence(data);
        }
        return result == Errno.WOULD_BLOCK ? result : Kernel.check(result, SystemCall.SENDMSG, fd);
    }

    /**
     * Receives bytes, and the descriptors that came with them. The descriptors (close-on-exec) are in the bag, behind
     * those that it held before, and so owned, before this returns or throws.
     *
     * @param into native memory
     * @param offset where to put the first byte
     * @param lengthBytes the most bytes to receive, at least 1
     * @param bag receives the descriptors; check {@link FdBag#truncated()}
     * @return how many bytes were received; 0 if the peer ended the stream; {@link Errno#WOULD_BLOCK} if there are none yet
     * @throws NativeException {@link Errno#ECONNRESET} if the peer closed with data unread
     */
    public long receive(MemorySegment into, long offset, long lengthBytes, FdBag bag) {
        return receive(into, offset, lengthBytes, bag, MsgHdr.MAX_CONTROL);
    }

    /** With less control space than a message may need: for tests of truncation. */
    long receive(MemorySegment into, long offset, long lengthBytes, FdBag bag, int controlBytes) {
        requireLength(lengthBytes);
        int fd = fd();
        long address = Kernel.writableAddress(into, offset, lengthBytes);
        long allowed = LinuxFaults.limit(SystemCall.RECVMSG, lengthBytes);
        CallScratch scratch = CallScratch.current();
        MsgHdr.write(scratch.buffer(), address, allowed, controlBytes);
        long result;
        try {
            result = Kernel.invoke(SystemCall.RECVMSG, fd, scratch.address(), MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        } finally {
            Reference.reachabilityFence(into);
        }
        if (result >= 0) {
            MsgHdr.takeFds(scratch.buffer(), bag);
        }
        return result == Errno.WOULD_BLOCK ? result : Kernel.check(result, SystemCall.RECVMSG, fd);
    }

    private static void requireLength(long lengthBytes) {
        if (lengthBytes < 1) {
            throw new IllegalArgumentException("lengthBytes=" + lengthBytes + ": must be at least 1");
        }
    }

    /**
     * The socket's descriptor; ownership stays here.
     *
     * @return the number
     */
    public int fd() {
        return owned.fd();
    }

    /**
     * Whether the socket was not closed yet.
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
        return "socket(" + owned + ")";
    }
}
