// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.net.QueueStats.Counter;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.ExternalBuffers;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.core.ring.ChainBatch;
import io.vhost4j.core.ring.Ring;
import io.vhost4j.packet.Packet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Takes packets out of a transmit ring of the guest's. Used by the thread that is in the ring. */
final class Dequeuer {
    /** Most chains looked at before some are given back. */
    private static final int GATHER = 64;
    /** The largest IP packet with Ethernet header and two VLAN tags, rounded up. */
    static final int MAX_PACKET_BYTES = 65535 + 65;

    static final long OFFLOADS = VirtioFeature.maskOf(
            VirtioFeature.CSUM,
            VirtioFeature.HOST_TSO4,
            VirtioFeature.HOST_TSO6,
            VirtioFeature.HOST_ECN,
            VirtioFeature.HOST_UFO,
            VirtioFeature.GSO);

    private final Ring ring;
    private final QueueStats stats;
    private final NetOptions options;
    private final int headerBytes;
    private final boolean offloads;
    private final ReceiveOffload receiveOffload;

    /** Where in the caller's array packets are that the caller does not know of yet. */
    private int heldFrom;

    private int heldTo;
    private final SegmentCursor cursor = new SegmentCursor();
    private final MemorySegment scratch = Arena.ofAuto().allocate(16, 8);
    private final long headerCopy = scratch.address();

    Dequeuer(Ring ring, int headerBytes, long features, NetOptions options, QueueStats stats) {
        this.ring = ring;
        this.stats = stats;
        this.options = options;
        this.headerBytes = headerBytes;
        this.offloads = (features & OFFLOADS) != 0;
        this.receiveOffload = new ReceiveOffload(options.compliantFlags());
    }

    /**
     * Takes packets of up to {@code count} chains. This method has more bytecodes than HotSpot inlines (325), so that it is compiled on its own: where it is
     * inlined far up, what it calls comes to lie deeper than HotSpot inlines, and each access to memory becomes several calls.
     */
    int burst(BufferPool pool, @Nullable Packet[] packets, int from, int count) {
        int skipped = headerBytes;
        int shortest = skipped + Headers.ETHERNET_BYTES;
        int longest = skipped + pool.dataRoom();
        int done = 0;
        heldFrom = from;
        heldTo = from;
        while (done < count) {
            int wanted = Math.min(count - done, GATHER);
            int chains = ring.gatherShared(wanted);
            if (chains == 0) {
                break;
            }
            ChainBatch batch = ring.batch();
            // no error may come between what the pool gives or takes and the account of it
            HostWindow.settle();
            int first = from + done;
            int buffers = allocate(pool, packets, first, chains);
            heldTo = first + buffers;
            int chain = 0;
            if (batch.isPlain()) {
                // the common case: packets that fit into their buffers and ask for nothing, up to the first other one;
                // the cache lines of all are asked for before the first of them is waited for
                long[] address = batch.address;
                int[] length = batch.length;
                int[] writtenBytes = batch.writtenBytes;
                long seen = 0;
                int end = 0;
                while (end < buffers && length[end] >= shortest && length[end] <= longest) {
                    long header = address[end];
                    if (offloads && HostWindow.getLong(header) != 0) {
                        break;
                    }
                    seen |= HostWindow.getByte(header + skipped);
                    writtenBytes[end++] = 0;
                }
                for (; chain < end; chain++) {
                    PooledPacket packet = (PooledPacket) Objects.requireNonNull(packets[first + chain]);
                    int bytes = length[chain] - skipped;
                    HostWindow.copy(address[chain] + skipped, packet.dataAddress(), bytes);
                    packet.setSingleLength(bytes);
                }
                if (options.statistics()) {
                    stats.countSizes(length, skipped, chain);
                    if ((seen & 1) != 0) {
                        stats.countDestinations(packets, first, chain);
                    }
                }
            }
            int plain = chain;
            int stored = chain;
            while (chain < buffers) {
                PooledPacket packet = (PooledPacket) Objects.requireNonNull(packets[first + stored]);
                int result = take(batch, chain, pool, packet);
                if (result == NO_BUFFERS) {
                    break;
                }
                batch.writtenBytes[chain++] = 0;
                stored += result;
            }
            if (stored < buffers) {
                HostWindow.settle();
                heldTo = first + stored;
                pool.freeBulk(packets, heldTo, buffers - stored);
            }
            if (chain > 0) {
                ring.publish(chain);
            }
            if (options.statistics()) {
                stats.countBurst(packets, first + plain, stored - plain);
            }
            done += stored;
            if (chain < wanted) {
                break;
            }
        }
        return done;
    }

    /** After a burst without an error: the packets are the caller's. */
    void handOver() {
        heldTo = heldFrom;
    }

    /** After a burst that ended by an error, before {@link #handOver}: frees the packets, which the caller does not get. */
    void abandon(BufferPool pool, @Nullable Packet[] packets) {
        pool.freeBulk(packets, heldFrom, heldTo - heldFrom);
        heldTo = heldFrom;
    }

    /** Takes and drops what the guest sent, {@code count} chains at most. Returns how many there were. */
    int discard(int count) {
        int chains = ring.gatherShared(count);
        if (chains > 0) {
            Arrays.fill(ring.batch().writtenBytes, 0, chains, 0);
            ring.publish(chains);
            stats.add(Counter.DISCARDED_PACKETS, chains);
        }
        return chains;
    }

    private int allocate(BufferPool pool, @Nullable Packet[] packets, int at, int wanted) {
        if (pool.allocateBulk(packets, at, wanted)) {
            return wanted;
        }
        int buffers = 0;
        while (buffers < wanted) {
            Packet packet = pool.allocate();
            if (packet == null) {
                stats.add(Counter.MBUF_ALLOC_FAILED, 1);
                break;
            }
            packets[at + buffers++] = packet;
        }
        return buffers;
    }

    private static final int STORED = 1;
    private static final int DROPPED = 0;
    private static final int NO_BUFFERS = -1;

    /** Copies one chain's packet into {@code packet}. */
    private int take(ChainBatch batch, int chain, BufferPool pool, PooledPacket packet) {
        long total = batch.totalBytes(chain);
        int first = batch.firstSegment[chain];
        long bytes = total - headerBytes;
        if (bytes < Headers.ETHERNET_BYTES || bytes > MAX_PACKET_BYTES) {
            return drop(bytes > MAX_PACKET_BYTES ? Counter.OVERSIZE_PACKETS : Counter.MALFORMED_CHAINS);
        }
        long header;
        if (batch.firstSegment[chain + 1] - first == 1 && bytes <= packet.tailroom()) {
            header = batch.address[first];
            HostWindow.copy(header + headerBytes, packet.dataAddress(), bytes);
            packet.setSingleLength((int) bytes);
        } else {
            cursor.start(batch, first);
            cursor.read(headerCopy, headerBytes);
            header = headerCopy;
            int result = takeScattered((int) bytes, pool, packet);
            if (result != STORED) {
                return result;
            }
        }
        // most headers are all zero in the first 8 bytes: no need for a copy of what is not read again
        if (offloads && HostWindow.getLong(header) != 0) {
            HostWindow.copy(header, headerCopy, NetHeader.LEGACY_BYTES);
            if (!receiveOffload.apply(headerCopy, packet)) {
                empty(packet);
                return drop(Counter.MALFORMED_CHAINS);
            }
        }
        return STORED;
    }

    private int drop(Counter reason) {
        stats.add(reason, 1);
        return DROPPED;
    }

    /** Makes a filled packet empty again, for the next chain. */
    private static void empty(PooledPacket packet) {
        PooledPacket rest = packet.next();
        if (rest != null) {
            packet.setNext(null);
            rest.free();
        }
        packet.setTotals(0, 1);
        packet.setSegmentLength(0);
        packet.setOlFlags(0);
    }

    private int takeScattered(int bytes, BufferPool pool, PooledPacket packet) {
        if (bytes <= packet.tailroom()) {
            cursor.read(packet.dataAddress(), bytes);
            packet.setSingleLength(bytes);
            return STORED;
        }
        if (!options.linear()) {
            return takeChained(bytes, pool, packet);
        }
        if (!options.external()) {
            return drop(Counter.OVERSIZE_PACKETS);
        }
        HostWindow.settle();
        long buffer = ExternalBuffers.attach(packet, MAX_PACKET_BYTES);
        if (buffer == 0) {
            stats.add(Counter.MBUF_ALLOC_FAILED, 1);
            return NO_BUFFERS;
        }
        cursor.read(buffer, bytes);
        packet.setSingleLength(bytes);
        return STORED;
    }

    private int takeChained(int bytes, BufferPool pool, PooledPacket packet) {
        PooledPacket segment = packet;
        int segments = 1;
        int left = bytes;
        while (true) {
            int piece = Math.min(left, segment.tailroom());
            cursor.read(segment.dataAddress(), piece);
            segment.setSegmentLength(piece);
            left -= piece;
            if (left == 0) {
                break;
            }
            HostWindow.settle();
            PooledPacket following = pool.allocate();
            if (following == null) {
                empty(packet);
                stats.add(Counter.MBUF_ALLOC_FAILED, 1);
                return NO_BUFFERS;
            }
            segment.setNext(following);
            segment = following;
            segments++;
        }
        packet.setTotals(bytes, segments);
        return STORED;
    }
}
