// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import io.vhost4j.core.layout.VhostUserHeader;
import io.vhost4j.core.layout.VhostUserInflight;
import io.vhost4j.core.layout.VhostUserIotlb;
import io.vhost4j.core.layout.VhostUserMemory;
import io.vhost4j.core.layout.VhostUserVring;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.FrontendRequest.InflightInfo;
import io.vhost4j.core.protocol.FrontendRequest.RegionInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Writes messages to a socket without blocking. What the peer does not take at once is kept, up to a limit. For the thread
 * that made it.
 */
public final class MessageWriter implements AutoCloseable {
    /** Bytes that may wait for a peer that does not read, if nothing else is said. */
    public static final int MAX_WAITING = 16384;

    private static final int MAX_MESSAGE = VhostUserHeader.BYTES + VhostUserMemory.TABLE_MAX_BYTES;

    private final UnixSocket socket;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment waiting;
    private final MemorySegment message = arena.allocate(MAX_MESSAGE, Long.BYTES);
    private int waitingBytes;

    /** Writes to {@code socket}, which stays the caller's. */
    public MessageWriter(UnixSocket socket) {
        this(socket, MAX_WAITING);
    }

    /**
     * Writes to {@code socket}, which stays the caller's.
     *
     * @param maxWaiting bytes that may wait for a peer that does not read
     */
    public MessageWriter(UnixSocket socket, int maxWaiting) {
        this.socket = socket;
        waiting = arena.allocate(maxWaiting, Long.BYTES);
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

    /** Replies with a header and a descriptor, which stays the caller's. */
    public void replyDescriptor(int request, OwnedFd fd) {
        sendWith(request, 0, fd);
    }

    /** Replies with an in-flight buffer, whose descriptor stays the caller's. */
    public void replyInflight(int request, InflightInfo info, OwnedFd fd) {
        long at = VhostUserHeader.BYTES;
        message.set(ValueLayout.JAVA_LONG_UNALIGNED, at + VhostUserInflight.SIZE, info.sizeBytes());
        message.set(ValueLayout.JAVA_LONG_UNALIGNED, at + VhostUserInflight.OFFSET, info.offset());
        message.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + VhostUserInflight.QUEUES, (short) info.queues());
        message.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + VhostUserInflight.QUEUE_SIZE, (short) info.queueSize());
        message.set(ValueLayout.JAVA_INT_UNALIGNED, at + VhostUserInflight.BYTES, 0);
        sendWith(request, VhostUserInflight.PADDED_BYTES, fd);
    }

    /** Replies with a memory table, or with a single region. */
    public void replyRegions(int request, List<RegionInfo> regions, boolean table) {
        long at = VhostUserHeader.BYTES;
        message.set(ValueLayout.JAVA_LONG_UNALIGNED, at, table ? regions.size() : 0);
        at += table ? VhostUserMemory.TABLE_REGIONS : VhostUserMemory.SINGLE_REGION;
        for (RegionInfo region : regions) {
            message.set(ValueLayout.JAVA_LONG_UNALIGNED, at + VhostUserMemory.REGION_GPA, region.gpa());
            message.set(ValueLayout.JAVA_LONG_UNALIGNED, at + VhostUserMemory.REGION_SIZE, region.size());
            message.set(ValueLayout.JAVA_LONG_UNALIGNED, at + VhostUserMemory.REGION_USER_ADDR, region.userAddr());
            message.set(ValueLayout.JAVA_LONG_UNALIGNED, at + VhostUserMemory.REGION_MMAP_OFFSET, region.mmapOffset());
            at += VhostUserMemory.REGION_BYTES;
        }
        send(request, VhostUserHeader.VERSION | VhostUserHeader.REPLY, (int) (at - VhostUserHeader.BYTES));
    }

    /** Asks for a translation; wants no reply. */
    public void requestIotlb(int request, long iova, int permission, int type) {
        long at = VhostUserHeader.BYTES;
        message.asSlice(at, VhostUserIotlb.BYTES).fill((byte) 0);
        message.set(ValueLayout.JAVA_LONG_UNALIGNED, at + VhostUserIotlb.IOVA, iova);
        message.set(ValueLayout.JAVA_BYTE, at + VhostUserIotlb.PERMISSION, (byte) permission);
        message.set(ValueLayout.JAVA_BYTE, at + VhostUserIotlb.TYPE, (byte) type);
        send(request, VhostUserHeader.VERSION, VhostUserIotlb.BYTES);
    }

    /** Sends a request about a ring; wants no reply. */
    public void requestState(int request, int queue) {
        message.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserHeader.BYTES + VhostUserVring.STATE_INDEX, queue);
        message.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserHeader.BYTES + VhostUserVring.STATE_NUM, 0);
        send(request, VhostUserHeader.VERSION, VhostUserVring.STATE_BYTES);
    }

    /** Descriptors cannot wait with the bytes: the peer has to take the message at once. */
    private void sendWith(int request, int payloadBytes, OwnedFd fd) {
        VhostUserHeader.write(message, request, VhostUserHeader.VERSION | VhostUserHeader.REPLY, payloadBytes);
        int length = VhostUserHeader.BYTES + payloadBytes;
        long sent = hasWaiting() ? 0 : socket.send(message, 0, length, new int[] {fd.fd()});
        if (sent <= 0) {
            throw new LimitExceededException(
                    "the front-end does not read what it is sent: a message with a file descriptor cannot wait");
        }
        keep(sent, length);
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
        keep(sent, length);
    }

    private void keep(long sent, int length) {
        int rest = length - (int) sent;
        if (rest > waiting.byteSize() - waitingBytes) {
            throw new LimitExceededException("the front-end does not read what it is sent: " + waitingBytes
                    + " bytes wait, the limit is " + waiting.byteSize());
        }
        MemorySegment.copy(message, sent, waiting, waitingBytes, rest);
        waitingBytes += rest;
    }

    @Override
    public void close() {
        arena.close();
    }
}
