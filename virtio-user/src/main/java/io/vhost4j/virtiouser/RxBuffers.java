// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.Packet;
import org.jspecify.annotations.Nullable;

/**
 * Empty packets for a receive ring, and packets made of the buffers that the ring gave back. Receive thread only.
 *
 * <p>The device writes a buffer from {@link NetHeader#BYTES} before the packet's data on, so that the header needs no room of its own.
 */
final class RxBuffers {
    private static final int MOST_FRESH = 32;

    private final BufferPool pool;
    private final boolean mergeable;
    private final boolean offloads;
    private final int capacity;
    private final int ringSize;
    private final int mask;
    private final @Nullable PooledPacket[] queue;
    private final int[] lengths;
    private int head;
    private int tail;
    private final @Nullable Packet[] fresh;
    private int freshLeft;
    private final TrafficCounter counter = new TrafficCounter();
    private @Nullable String fault;

    RxBuffers(BufferPool pool, RingOptions options, int ringSize) {
        this.pool = pool;
        this.mergeable = options.mergeable();
        this.offloads = options.offloads();
        this.capacity = pool.dataRoom() + NetHeader.BYTES;
        this.ringSize = ringSize;
        // four times the ring: what waits for the rest of its packet, as much again in one batch, and all that is in
        // flight
        // when a back-end leaves
        int room = 4 * Integer.highestOneBit(ringSize * 2 - 1);
        mask = room - 1;
        queue = new PooledPacket[room];
        lengths = new int[room];
        fresh = new Packet[Math.min(MOST_FRESH, ringSize)];
    }

    /** Bytes of each buffer that the device may write. */
    int capacity() {
        return capacity;
    }

    /** An empty packet, or null if the pool has none. */
    @Nullable
    PooledPacket next() {
        if (freshLeft == 0 && !fetch()) {
            return null;
        }
        return (PooledPacket) fresh[--freshLeft];
    }

    private boolean fetch() {
        if (pool.allocateBulk(fresh, 0, fresh.length)) {
            freshLeft = fresh.length;
            return true;
        }
        Packet one = pool.allocate();
        if (one == null) {
            return false;
        }
        fresh[0] = one;
        freshLeft = 1;
        return true;
    }

    /** How many used buffers may come, not counting those of a batch. */
    int room() {
        return Math.max(0, ringSize - (tail - head));
    }

    /** Takes a buffer that the device has used. {@code length}: as the device says. */
    void used(PooledPacket packet, int length) {
        queue[tail & mask] = packet;
        lengths[tail & mask] = length;
        tail++;
    }

    /** Whether a used buffer waits to be taken by {@link #assemble}. */
    boolean waiting() {
        return head != tail;
    }

    /** Makes packets of used buffers. Returns how many. */
    int assemble(@Nullable Packet[] packets, int from, int limit) {
        int made = 0;
        long bytes = 0;
        while (made < limit && head != tail) {
            PooledPacket packet = queue[head & mask];
            int length = lengths[head & mask];
            if (packet == null || length < NetHeader.BYTES || length > capacity) {
                fault = "used buffer has length=" + Integer.toUnsignedString(length) + ": must be " + NetHeader.BYTES
                        + " to " + capacity;
                break;
            }
            long header = packet.dataAddress() - NetHeader.BYTES;
            int buffers = mergeable ? HostWindow.getShort(header + NetHeader.NUM_BUFFERS) : 1;
            if (buffers != 1 && !canMerge(buffers)) {
                break;
            }
            packet.setSingleLength(length - NetHeader.BYTES);
            if (buffers > 1) {
                merge(packet, buffers);
            }
            if (offloads) {
                NetHeaderCodec.read(header, packet);
            }
            head += buffers;
            bytes += packet.packetLength();
            packets[from + made++] = packet;
        }
        if (made > 0) {
            counter.add(made, bytes, 0);
        }
        return made;
    }

    /** Whether all buffers of the packet are here and have a length that can be. */
    private boolean canMerge(int buffers) {
        if (buffers == 0 || buffers > ringSize) {
            fault = "header has num_buffers=" + buffers + ": must be 1 to " + ringSize;
            return false;
        }
        if (tail - head < buffers) {
            return false;
        }
        for (int i = 1; i < buffers; i++) {
            int length = lengths[(head + i) & mask];
            if (Integer.compareUnsigned(length, capacity) > 0) {
                fault = "used buffer has length=" + Integer.toUnsignedString(length) + ": must be up to " + capacity;
                return false;
            }
        }
        return true;
    }

    private void merge(PooledPacket packet, int buffers) {
        for (int i = 1; i < buffers; i++) {
            PooledPacket more = queue[(head + i) & mask];
            int length = lengths[(head + i) & mask];
            if (more != null) {
                // these have no header: data starts where the device started to write
                more.prepend(NetHeader.BYTES);
                if (length >= NetHeader.BYTES) {
                    more.append(length - NetHeader.BYTES);
                } else {
                    more.trim(NetHeader.BYTES - length);
                }
                packet.chain(more);
            }
        }
    }

    /** Frees the buffers of a packet that will never be whole, because the back-end went away; all of them if it broke the ring. */
    void dropPartial() {
        int from = head;
        while (fault == null && from != tail) {
            PooledPacket packet = queue[from & mask];
            int buffers = mergeable && packet != null
                    ? HostWindow.getShort(packet.dataAddress() - NetHeader.BYTES + NetHeader.NUM_BUFFERS)
                    : 1;
            if (buffers == 0 || tail - from < buffers) {
                break;
            }
            from += buffers;
        }
        while (tail != from) {
            tail--;
            free(queue[tail & mask]);
        }
        fault = null;
    }

    /** Frees everything that is held here. */
    void release() {
        while (head != tail) {
            free(queue[head++ & mask]);
        }
        while (freshLeft > 0) {
            free(fresh[--freshLeft]);
        }
    }

    private static void free(@Nullable Packet packet) {
        if (packet != null) {
            packet.free();
        }
    }

    /** What was wrong with a buffer, if something was. */
    @Nullable
    String fault() {
        return fault;
    }

    TrafficCounter counter() {
        return counter;
    }
}
