// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import io.vhost4j.core.layout.VhostUserHeader;
import io.vhost4j.core.layout.VhostUserVring;
import io.vhost4j.core.linux.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Writes messages to a socket without blocking. What the peer does not take at once is kept, up to a limit. For the thread
 * that made it.
 */
public final class MessageWriter implements AutoCloseable {
    /** Bytes that may wait for a peer that does not read. */
    public static final int MAX_WAITING = 16384;

    private static final int MAX_MESSAGE = VhostUserHeader.BYTES + 64;

    private final UnixSocket socket;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment waiting = arena.allocate(MAX_WAITING, Long.BYTES);
    private final MemorySegment message = arena.allocate(MAX_MESSAGE, Long.BYTES);
    private int waitingBytes;

    /** Writes to {@code socket}, which stays the caller's. */
    public MessageWriter(UnixSocket socket) {
        this.socket = socket;
    }

    /** Replies with a number. */
    public void replyU64(int request, long value) {
        message.set(ValueLayout.JAVA_LONG_UNALIGNED, VhostUserHeader.BYTES, value);
        send(request, VhostUserHeader.VERSION | VhostUserHeader.REPLY, Long.BYTES);
    }

    /** Replies with a ring's state. */
    public void replyState(int request, int queue, int number) {
        message.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserHeader.BYTES + VhostUserVring.STATE_INDEX, queue);
        message.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserHeader.BYTES + VhostUserVring.STATE_NUM, number);
        send(request, VhostUserHeader.VERSION | VhostUserHeader.REPLY, VhostUserVring.STATE_BYTES);
    }

    /** Replies with a header alone. */
    public void replyEmpty(int request) {
        send(request, VhostUserHeader.VERSION | VhostUserHeader.REPLY, 0);
    }

    /** Sends a request without payload that wants no reply. */
    public void request(int request) {
        send(request, VhostUserHeader.VERSION, 0);
    }

    /** Whether messages wait until the socket can be written. */
    public boolean hasWaiting() {
        return waitingBytes > 0;
    }

    /** Sends what waits, as far as the peer takes it. */
    public void flush() {
        int sent = 0;
        while (sent < waitingBytes) {
            long count = socket.send(waiting, sent, waitingBytes - sent);
            if (count < 0) {
                break;
            }
            sent += (int) count;
        }
        if (sent > 0) {
            MemorySegment.copy(waiting, sent, waiting, 0, waitingBytes - sent);
            waitingBytes -= sent;
        }
    }

    private void send(int request, int flags, int payloadBytes) {
        VhostUserHeader.write(message, request, flags, payloadBytes);
        int length = VhostUserHeader.BYTES + payloadBytes;
        long sent = hasWaiting() ? 0 : Math.max(0, socket.send(message, 0, length));
        int rest = length - (int) sent;
        if (rest > MAX_WAITING - waitingBytes) {
            throw new ProtocolException("the front-end does not read its replies: " + waitingBytes
                    + " bytes wait, the limit is " + MAX_WAITING);
        }
        MemorySegment.copy(message, sent, waiting, waitingBytes, rest);
        waitingBytes += rest;
    }

    @Override
    public void close() {
        arena.close();
    }
}
