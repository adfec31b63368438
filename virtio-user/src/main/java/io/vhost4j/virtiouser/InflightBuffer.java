// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.layout.InflightLayout;
import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.layout.VhostUserInflight;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.RequestCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The buffer in which a back-end keeps account of the chains that it has taken (vhost-user specification, "Inflight I/O tracking"). It
 * is held here so that it outlives the back-end, and given to the next one.
 *
 * <p>The back-end made the file and can change it at any time, its size too: it is never mapped, and what is read from it decides only
 * whether the next back-end gets it.
 */
final class InflightBuffer implements AutoCloseable {
    private final OwnedFd file;
    private final long sizeBytes;
    private final long offset;
    private final int rings;
    private final int ringSize;

    private InflightBuffer(OwnedFd file, long sizeBytes, long offset, int rings, int ringSize) {
        this.file = file;
        this.sizeBytes = sizeBytes;
        this.offset = offset;
        this.rings = rings;
        this.ringSize = ringSize;
    }

    /** Has the back-end make a fresh buffer. */
    static InflightBuffer request(FrontendConnection connection, int rings, int ringSize) {
        write(connection.payload(), 0, 0, rings, ringSize);
        OwnedFd file = connection.askFile(
                RequestCode.GET_INFLIGHT_FD,
                VhostUserInflight.PADDED_BYTES,
                VhostUserInflight.PADDED_BYTES,
                VhostUserInflight.BYTES);
        MemorySegment answer = connection.payload();
        long sizeBytes = answer.get(ValueLayout.JAVA_LONG_UNALIGNED, VhostUserInflight.SIZE);
        long offset = answer.get(ValueLayout.JAVA_LONG_UNALIGNED, VhostUserInflight.OFFSET);
        return new InflightBuffer(file, sizeBytes, offset, rings, ringSize);
    }

    /** Gives the buffer to a back-end; before its rings start. */
    void give(FrontendConnection connection) {
        write(connection.payload(), sizeBytes, offset, rings, ringSize);
        connection.tell(RequestCode.SET_INFLIGHT_FD, VhostUserInflight.PADDED_BYTES, file.fd());
    }

    /** As a C structure: back-ends refuse the 20 bytes that the specification's table adds up to. */
    private static void write(MemorySegment payload, long sizeBytes, long offset, int rings, int ringSize) {
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, VhostUserInflight.SIZE, sizeBytes);
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, VhostUserInflight.OFFSET, offset);
        payload.set(ValueLayout.JAVA_SHORT_UNALIGNED, VhostUserInflight.QUEUES, (short) rings);
        payload.set(ValueLayout.JAVA_SHORT_UNALIGNED, VhostUserInflight.QUEUE_SIZE, (short) ringSize);
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserInflight.BYTES, 0);
    }

    /**
     * Whether the account of a packed ring goes up to the last chain that the driver got back. A back-end may have made the buffer and
     * not use it; then nobody can tell from the ring where the next one has to go on.
     *
     * @param position the driver's used position, in the form of SET_VRING_BASE
     */
    boolean knowsPacked(int ring, int position) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment head = arena.allocate(InflightLayout.PACKED_ENTRIES, Long.BYTES);
            long at = offset + ring * InflightLayout.queueBytes(true, ringSize);
            long got = FileCalls.pread(file.fd(), head, 0, head.byteSize(), at);
            if (got != head.byteSize() || head.get(ValueLayout.JAVA_SHORT, InflightLayout.VERSION) == 0) {
                return false;
            }
            return position == position(head, InflightLayout.PACKED_USED_IDX, InflightLayout.PACKED_USED_WRAP)
                    || position
                            == position(head, InflightLayout.PACKED_OLD_USED_IDX, InflightLayout.PACKED_OLD_USED_WRAP);
        }
    }

    private static int position(MemorySegment head, int slot, int wrap) {
        return head.get(ValueLayout.JAVA_SHORT, slot) & 0xFFFF
                | (head.get(ValueLayout.JAVA_BYTE, wrap) != 0 ? PackedLayout.WRAP_BIT : 0);
    }

    @Override
    public void close() {
        file.close();
    }
}
