// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.VhostException;
import io.vhost4j.core.layout.VhostUserHeader;
import io.vhost4j.core.layout.VhostUserVring;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.RequestCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Requests to the back-end and its answers. Every wait has an end, and every failure names the request. One thread at a time.
 *
 * <p>Payloads are written to {@link #payload} before {@link #tell}.
 */
final class FrontendConnection implements AutoCloseable {
    private static final int MAX_PAYLOAD = 512;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final int[] NO_FDS = {};

    private final UnixSocket socket;
    private final String path;
    private final int timeoutMillis;
    private final MemorySegment message = Arena.ofAuto().allocate(VhostUserHeader.BYTES + MAX_PAYLOAD, Long.BYTES);
    private final MemorySegment payload = message.asSlice(VhostUserHeader.BYTES);
    private final FdBag bag = new FdBag();
    private boolean acknowledged;

    /** Takes over the socket. */
    FrontendConnection(UnixSocket socket, String path, int timeoutMillis) {
        this.socket = socket;
        this.path = path;
        this.timeoutMillis = timeoutMillis;
    }

    /** From here on the back-end acknowledges requests that have no answer of their own. */
    void acknowledgeRequests() {
        acknowledged = true;
    }

    int fd() {
        return socket.fd();
    }

    String path() {
        return path;
    }

    /** Where the payload of the next request goes. */
    MemorySegment payload() {
        return payload;
    }

    /** Sends a request that has no answer of its own, and waits for its acknowledgement if there are any. */
    void tell(RequestCode request, int payloadBytes, int... fds) {
        send(request, acknowledged ? VhostUserHeader.NEED_REPLY : 0, payloadBytes, fds);
        if (acknowledged) {
            receive(request, Long.BYTES);
            long status = payload.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
            if (status != 0) {
                throw new RefusedException(
                        text(request, "the back-end refused it (answer " + status + "); its log says why"));
            }
        }
    }

    /** Sends a request with one number. */
    void tellNumber(RequestCode request, long value, int... fds) {
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, value);
        tell(request, Long.BYTES, fds);
    }

    /** Sends a request with a ring's number and a number for it. */
    void tellRing(RequestCode request, int ring, int value) {
        writeRing(ring, value);
        tell(request, VhostUserVring.STATE_BYTES);
    }

    /** Asks for a number. */
    long ask(RequestCode request) {
        send(request, 0, 0, NO_FDS);
        receive(request, Long.BYTES);
        return payload.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    }

    /**
     * Asks for a file that comes with an answer.
     *
     * @param bytes one length that the answer may have
     * @param otherBytes another
     * @return owned by the caller
     */
    OwnedFd askFile(RequestCode request, int payloadBytes, int bytes, int otherBytes) {
        send(request, 0, payloadBytes, NO_FDS);
        try {
            receiveAnswer(request, bytes, otherBytes);
            if (bag.size() != 1) {
                throw failure(request, "the answer came with " + bag.size() + " descriptors; wanted is one");
            }
            return bag.take(0);
        } finally {
            bag.clear();
        }
    }

    /** Asks for a number of a ring. */
    int askRing(RequestCode request, int ring) {
        writeRing(ring, 0);
        send(request, 0, VhostUserVring.STATE_BYTES, NO_FDS);
        receive(request, VhostUserVring.STATE_BYTES);
        int answered = payload.get(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.STATE_INDEX);
        if (answered != ring) {
            throw failure(
                    request,
                    "asked for ring " + ring + ", the answer is about ring " + Integer.toUnsignedString(answered));
        }
        return payload.get(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.STATE_NUM);
    }

    private void writeRing(int ring, int value) {
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.STATE_INDEX, ring);
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.STATE_NUM, value);
    }

    private void send(RequestCode request, int flags, int payloadBytes, int[] fds) {
        VhostUserHeader.write(message, request.code(), flags | VhostUserHeader.VERSION, payloadBytes);
        long deadline = deadline();
        long total = VhostUserHeader.BYTES + (long) payloadBytes;
        long done = 0;
        while (done < total) {
            long sent;
            try {
                sent = socket.send(message, done, total - done, done == 0 ? fds : NO_FDS);
            } catch (NativeException e) {
                throw failure(request, e);
            }
            if (sent == Errno.WOULD_BLOCK) {
                await(request, Poll.OUT, deadline, "the back-end does not read it");
            } else {
                done += sent;
            }
        }
    }

    private void receive(RequestCode request, int payloadBytes) {
        try {
            receiveAnswer(request, payloadBytes, payloadBytes);
        } finally {
            bag.clear();
        }
    }

    /** Reads an answer that has one of two lengths; its descriptors stay in the bag. */
    private void receiveAnswer(RequestCode request, int bytes, int otherBytes) {
        long deadline = deadline();
        receiveBytes(request, 0, VhostUserHeader.BYTES, deadline);
        int code = VhostUserHeader.request(message);
        int flags = VhostUserHeader.flags(message);
        long size = VhostUserHeader.sizeBytes(message);
        boolean isReply = (flags & VhostUserHeader.REPLY) != 0
                && (flags & VhostUserHeader.VERSION_MASK) == VhostUserHeader.VERSION;
        if (!isReply || code != request.code() || size != bytes && size != otherBytes) {
            throw failure(
                    request,
                    "bad answer: request=" + code + ", flags=0x" + Integer.toHexString(flags) + ", size=" + size
                            + "; wanted size " + bytes);
        }
        receiveBytes(request, VhostUserHeader.BYTES, size, deadline);
    }

    private void receiveBytes(RequestCode request, long offset, long bytes, long deadline) {
        long done = 0;
        while (done < bytes) {
            long got;
            try {
                got = socket.receive(message, offset + done, bytes - done, bag);
            } catch (NativeException e) {
                throw failure(request, e);
            }
            if (got == 0) {
                throw failure(request, "the back-end closed the connection; its log says why");
            }
            if (got == Errno.WOULD_BLOCK) {
                await(request, Poll.IN, deadline, "no answer");
            } else {
                done += got;
            }
        }
    }

    private void await(RequestCode request, int events, long deadline, String what) {
        long left = deadline - System.nanoTime();
        try {
            if (left <= 0 || Poll.await(socket.fd(), events, (int) (left / NANOS_PER_MILLI) + 1) == 0) {
                throw failure(request, what + " within " + timeoutMillis + " ms");
            }
        } catch (NativeException e) {
            throw failure(request, e);
        }
    }

    private long deadline() {
        return System.nanoTime() + timeoutMillis * NANOS_PER_MILLI;
    }

    private VhostException failure(RequestCode request, String what) {
        return new VhostException(text(request, what));
    }

    private String text(RequestCode request, String what) {
        return "socket " + path + ", " + request + ": " + what;
    }

    private VhostException failure(RequestCode request, NativeException cause) {
        return new VhostException(
                "socket " + path + ", " + request + ": the back-end is gone: " + cause.getMessage(), cause);
    }

    @Override
    public void close() {
        socket.close();
    }
}
