// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.Packet;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Turns packets to send into buffers that the back-end can reach: it sees only the memory of one pool. Transmit thread only. */
final class TxGather {
    /** The packet has parts outside the pool's memory. */
    static final int FOREIGN = -1;
    /** The packet needs more descriptors than the ring has. */
    static final int TOO_LONG = -2;

    private final BufferPool pool;
    private final long base;
    private final long bytes;
    private final boolean offloads;
    private final int most;
    private final long[] addresses;
    private final int[] lengths;
    private boolean separateHeader;

    /**
     * Makes one.
     *
     * @param most descriptors that a chain may have
     */
    TxGather(BufferPool pool, boolean offloads, int most) {
        this.pool = pool;
        this.base = pool.baseAddress();
        this.bytes = pool.lengthBytes();
        this.offloads = offloads;
        this.most = most;
        addresses = new long[most];
        lengths = new int[most];
    }

    BufferPool pool() {
        return pool;
    }

    /** Whether the packet is one segment in the pool with room for the header: one descriptor does. */
    boolean isPlain(PooledPacket packet) {
        return packet.next() == null
                && packet.headroom() >= NetHeader.BYTES
                && Long.compareUnsigned(packet.dataAddress() - base, bytes) < 0
                && packet.refCount() == 1;
    }

    /** Writes a packet's header. */
    void writeHeader(long address, PooledPacket packet) {
        if (offloads) {
            NetHeaderCodec.write(address, packet);
        } else {
            HostWindow.setLong(address, 0);
            HostWindow.setInt(address + Long.BYTES, 0);
        }
    }

    /**
     * Lists the packet's buffers, the header's included. The header is written if it goes in front of the data; otherwise buffer 0 has
     * no address yet, see {@link #placeHeader}.
     *
     * @return how many there are, or {@link #FOREIGN}, or {@link #TOO_LONG}
     */
    int gather(PooledPacket packet) {
        separateHeader = packet.headroom() < NetHeader.BYTES || packet.refCount() != 1;
        int count = separateHeader ? 1 : 0;
        lengths[0] = NetHeader.BYTES;
        PooledPacket segment = packet;
        while (segment != null) {
            int length = segment.dataLength();
            boolean carriesHeader = segment == packet && !separateHeader;
            if (length > 0 || carriesHeader) {
                long address = segment.dataAddress();
                if (Long.compareUnsigned(address - base, bytes) >= 0) {
                    return FOREIGN;
                }
                if (count == most) {
                    return TOO_LONG;
                }
                int lead = carriesHeader ? NetHeader.BYTES : 0;
                addresses[count] = address - lead;
                lengths[count] = length + lead;
                count++;
            }
            segment = segment.next();
        }
        if (!separateHeader) {
            writeHeader(addresses[0], packet);
        }
        return count;
    }

    /** Puts the header to {@code address} if it has no room in front of the data. */
    void placeHeader(long address, PooledPacket packet) {
        if (separateHeader) {
            writeHeader(address, packet);
            addresses[0] = address;
        }
    }

    long address(int index) {
        return addresses[index];
    }

    int length(int index) {
        return lengths[index];
    }

    /**
     * Copies a packet from anywhere into the pool.
     *
     * @return the copy, or null if the pool has not enough buffers
     */
    @Nullable
    PooledPacket copy(Packet packet) {
        PooledPacket head = fresh();
        PooledPacket last = head;
        for (Packet segment = packet; segment != null && last != null; segment = segment.next()) {
            MemorySegment data = segment.data();
            long done = 0;
            while (done < data.byteSize() && last != null) {
                if (last.tailroom() == 0) {
                    last = extend(head);
                    continue;
                }
                int part = (int) Math.min(last.tailroom(), data.byteSize() - done);
                HostWindow.copy(data.address() + done, last.dataAddress() + last.dataLength(), part);
                head.append(part);
                done += part;
            }
        }
        if (head == null) {
            return null;
        }
        if (last == null) {
            head.free();
            return null;
        }
        head.setOlFlags(packet.olFlags());
        head.setHeaderLengths(packet.l2Length(), packet.l3Length(), packet.l4Length());
        head.setTsoSegmentSize(packet.tsoSegmentSize());
        return head;
    }

    private @Nullable PooledPacket extend(PooledPacket head) {
        PooledPacket more = fresh();
        if (more != null) {
            head.chain(more);
        }
        return more;
    }

    private @Nullable PooledPacket fresh() {
        return pool.allocate();
    }
}
