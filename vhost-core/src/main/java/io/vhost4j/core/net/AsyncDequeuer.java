// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.net.QueueStats.Counter;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.ExternalBuffers;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.core.ring.ChainBatch;
import io.vhost4j.core.ring.Ring;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Takes packets out of a transmit ring of the guest's by a channel: takes chains and a private copy of each header, begins the copies, and
 * when those of a packet have ended, and of all before, gives its chain back. Used by the thread that is in the ring.
 */
final class AsyncDequeuer {
    /** Most chains looked at before some are taken. */
    private static final int GATHER = 64;

    private static final int HEADER_SHIFT = 4;

    private final Ring ring;
    private final ChainBatch batch;
    private final Flights flights;
    private final CopyTable copies;
    private final QueueStats stats;
    private final NetOptions options;
    private final int headerBytes;
    private final boolean offloads;
    private final ReceiveOffload receiveOffload;
    private final SegmentCursor cursor = new SegmentCursor();
    /** Private copies of the headers, one for each entry of {@link Flights}. */
    private final MemorySegment headers;

    AsyncDequeuer(
            Ring ring, NetLayout layout, NetOptions options, Flights flights, CopyTable copies, QueueStats stats) {
        this.ring = ring;
        this.batch = ring.ownBatch();
        this.flights = flights;
        this.copies = copies;
        this.stats = stats;
        this.options = options;
        this.headerBytes = layout.headerBytes();
        this.offloads = (layout.features() & Dequeuer.OFFLOADS) != 0;
        this.receiveOffload = new ReceiveOffload(options.compliantFlags());
        this.headers = Arena.ofAuto().allocate((long) flights.capacity() << HEADER_SHIFT, 8);
    }

    /** Begins to take up to {@code count} packets. */
    void take(BufferPool pool, int count) {
        int before = flights.packets();
        int done = 0;
        while (done < count) {
            int room = Math.min(ring.size() - ring.taken(), flights.room());
            int wanted = Math.min(Math.min(count - done, GATHER), room);
            int chains = wanted == 0 ? 0 : ring.gather(wanted);
            int chain = 0;
            while (chain < chains && begin(chain, pool)) {
                batch.writtenBytes[chain++] = 0;
            }
            if (chain > 0) {
                ring.take(chain);
            }
            done = flights.packets() - before;
            if (wanted == 0 || chain < wanted) {
                break;
            }
        }
        copies.submit();
    }

    /** Begins to copy one chain's packet; false if the pool has not enough buffers. */
    private boolean begin(int chain, BufferPool pool) {
        long bytes = batch.totalBytes(chain) - headerBytes;
        int slot = flights.nextSlot();
        if (bytes < Headers.ETHERNET_BYTES || bytes > Dequeuer.MAX_PACKET_BYTES) {
            return drop(bytes > Dequeuer.MAX_PACKET_BYTES ? Counter.OVERSIZE_PACKETS : Counter.MALFORMED_CHAINS);
        }
        // no error may come between what the pool gives and the account of it
        HostWindow.settle();
        PooledPacket packet = pool.allocate();
        if (packet == null) {
            stats.add(Counter.MBUF_ALLOC_FAILED, 1);
            return false;
        }
        if (bytes > packet.tailroom() && options.linear() && !options.external()) {
            packet.free();
            return drop(Counter.OVERSIZE_PACKETS);
        }
        if (!prepare(packet, (int) bytes, pool)) {
            packet.free();
            stats.add(Counter.MBUF_ALLOC_FAILED, 1);
            return false;
        }
        flights.add(packet, 1);
        cursor.start(batch, batch.firstSegment[chain]);
        cursor.read(headerOf(slot), headerBytes);
        for (PooledPacket part = packet; part != null; part = part.next()) {
            read(part, slot);
        }
        return true;
    }

    private boolean drop(Counter reason) {
        stats.add(reason, 1);
        flights.add(null, 1);
        return true;
    }

    private long headerOf(int slot) {
        return headers.address() + ((long) slot << HEADER_SHIFT);
    }

    /** Gives the packet as many buffers as its bytes need; false if there are not enough. */
    private boolean prepare(PooledPacket packet, int bytes, BufferPool pool) {
        if (bytes <= packet.tailroom()) {
            packet.setSingleLength(bytes);
            return true;
        }
        if (options.linear()) {
            boolean attached = ExternalBuffers.attach(packet, Dequeuer.MAX_PACKET_BYTES) != 0;
            if (attached) {
                packet.setSingleLength(bytes);
            }
            return attached;
        }
        PooledPacket segment = packet;
        int segments = 1;
        int left = bytes;
        while (true) {
            int piece = Math.min(left, segment.tailroom());
            segment.setSegmentLength(piece);
            left -= piece;
            if (left == 0) {
                break;
            }
            PooledPacket following = pool.allocate();
            if (following == null) {
                return false;
            }
            segment.setNext(following);
            segment = following;
            segments++;
        }
        packet.setTotals(bytes, segments);
        return true;
    }

    private void read(PooledPacket part, int slot) {
        boolean reached = copies.reaches(part);
        long to = part.dataAddress();
        int bytes = part.dataLength();
        int done = 0;
        while (done < bytes) {
            int piece = cursor.piece(bytes - done);
            copies.copy(cursor.position(), to + done, piece, slot, reached);
            cursor.skip(piece);
            done += piece;
        }
    }

    /** Sees what copies have ended, and gives chains back as far as it goes in order. */
    void advance() {
        copies.poll();
        int chains = 0;
        for (int slot = flights.ready(); slot >= 0; slot = flights.ready()) {
            PooledPacket packet = flights.packet(slot);
            boolean good = packet != null && finish(packet, headerOf(slot));
            chains += flights.chains(slot);
            flights.publish(good);
            if (packet != null && !good) {
                packet.free();
            }
        }
        if (chains > 0) {
            ring.giveBack(chains);
        }
    }

    /** All bytes are there; false if the header does not fit them. */
    private boolean finish(PooledPacket packet, long header) {
        if (offloads && HostWindow.getLong(header) != 0 && !receiveOffload.apply(header, packet)) {
            stats.add(Counter.MALFORMED_CHAINS, 1);
            return false;
        }
        if (options.statistics()) {
            stats.countPacket(packet);
        }
        return true;
    }
}
