// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import io.vhost4j.core.layout.VhostUserHeader;
import io.vhost4j.core.layout.VhostUserMemory;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Reads messages from a socket without blocking, in whatever pieces they come. It never reads beyond the current message, so
 * that file descriptors stay with the message that they came with; it owns them from the moment they arrive. Everything is
 * copied out of the socket before it is looked at. For the thread that made it.
 */
public final class MessageReader implements ReceivedMessage, AutoCloseable {
    /** Bytes of the largest payload that is read. */
    public static final int MAX_PAYLOAD = 4096;

    /** How far the current message is. */
    public enum Progress {
        /** More has to arrive. */
        PARTIAL,
        /** The message is here. */
        COMPLETE,
        /** The peer ended the stream between two messages. */
        END
    }

    private final UnixSocket socket;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment header = arena.allocate(VhostUserHeader.BYTES, Integer.BYTES);
    private final MemorySegment body = arena.allocate(MAX_PAYLOAD, Long.BYTES);
    private final FdBag fds = new FdBag(VhostUserMemory.TABLE_MAX_REGIONS);

    private int headerBytes;
    private int bodyBytes;
    private int sizeBytes;
    private boolean repliesAllowed;

    /** Reads from {@code socket}, which stays the caller's. */
    public MessageReader(UnixSocket socket) {
        this.socket = socket;
    }

    /**
     * Reads what has arrived of the current message. After {@link Progress#COMPLETE} call {@link #next} before reading on.
     *
     * @throws ProtocolException if the header is wrong, descriptors were lost, or the stream ended inside a message
     */
    public Progress read() {
        while (headerBytes < VhostUserHeader.BYTES) {
            int got = receive(header, headerBytes, VhostUserHeader.BYTES - headerBytes);
            if (got <= 0) {
                return starved(got);
            }
            headerBytes += got;
            if (headerBytes == VhostUserHeader.BYTES) {
                checkHeader();
            }
        }
        while (bodyBytes < sizeBytes) {
            int got = receive(body, bodyBytes, sizeBytes - bodyBytes);
            if (got <= 0) {
                return starved(got);
            }
            bodyBytes += got;
        }
        return Progress.COMPLETE;
    }

    /** Whether the peer may send messages that have the form of a reply. */
    public void allowReplies(boolean allowed) {
        repliesAllowed = allowed;
    }

    /** Whether a part of a message has arrived. */
    public boolean midMessage() {
        return headerBytes > 0;
    }

    /** Closes the descriptors that nobody adopted, and gets ready for the next message. Keys of a crypto session do not stay here. */
    public void next() {
        if (sizeBytes > 0 && request() == RequestCode.CREATE_CRYPTO_SESSION.code()) {
            body.asSlice(0, sizeBytes).fill((byte) 0);
        }
        headerBytes = 0;
        bodyBytes = 0;
        sizeBytes = 0;
        fds.clear();
    }

    private int receive(MemorySegment into, long offset, long lengthBytes) {
        long got = receiveOrEnd(into, offset, lengthBytes);
        if (fds.truncated()) {
            throw new ProtocolException("file descriptors were lost: more than " + VhostUserMemory.TABLE_MAX_REGIONS
                    + " came with one message, or this process has too many open files");
        }
        return (int) got;
    }

    /** A peer that closes with our replies unread ends the stream, too. */
    private long receiveOrEnd(MemorySegment into, long offset, long lengthBytes) {
        try {
            return socket.receive(into, offset, lengthBytes, fds);
        } catch (NativeException e) {
            if (e.errno() == Errno.ECONNRESET) {
                return 0;
            }
            throw e;
        }
    }

    private Progress starved(int got) {
        if (got == Errno.WOULD_BLOCK) {
            return Progress.PARTIAL;
        }
        if (midMessage()) {
            throw new ProtocolException("the stream ended inside a message, after " + (headerBytes + bodyBytes) + " of "
                    + (VhostUserHeader.BYTES + sizeBytes) + " bytes");
        }
        return Progress.END;
    }

    private void checkHeader() {
        int flags = VhostUserHeader.flags(header);
        long size = VhostUserHeader.sizeBytes(header);
        String what = "message with request=" + Integer.toUnsignedString(request());
        if ((flags & VhostUserHeader.VERSION_MASK) != VhostUserHeader.VERSION) {
            throw new ProtocolException(what + ", flags=0x" + Integer.toHexString(flags) + ": version is "
                    + (flags & VhostUserHeader.VERSION_MASK) + ", must be " + VhostUserHeader.VERSION);
        }
        if ((flags & VhostUserHeader.REPLY) != 0 && !repliesAllowed) {
            throw new ProtocolException(what + " is a reply, but nothing was asked");
        }
        if (size > MAX_PAYLOAD) {
            throw new ProtocolException(what + ", size=" + size + ": more than " + MAX_PAYLOAD + " bytes of payload");
        }
        sizeBytes = (int) size;
    }

    @Override
    public int request() {
        return VhostUserHeader.request(header);
    }

    @Override
    public boolean needReply() {
        return (VhostUserHeader.flags(header) & VhostUserHeader.NEED_REPLY) != 0;
    }

    @Override
    public int sizeBytes() {
        return sizeBytes;
    }

    @Override
    public MemorySegment payload() {
        return body.asSlice(0, sizeBytes);
    }

    @Override
    public int fdCount() {
        return fds.size();
    }

    @Override
    public ReceivedFd fd(int index) {
        return new ReceivedFd(fds, index);
    }

    @Override
    public void close() {
        try (arena) {
            fds.close();
        }
    }
}
