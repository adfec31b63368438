// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.net.QueueStats.Counter;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.core.ring.ChainBatch;
import io.vhost4j.core.ring.Ring;
import io.vhost4j.packet.Packet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Puts packets into a receive ring of the guest's by a channel: takes chains, begins the copies, and gives the chains back when all copies
 * of theirs and of those before have ended. The ring keeps a reference of each packet meanwhile. Used by the thread that is in the ring.
 */
final class AsyncEnqueuer {
    private static final int NO_ROOM = 0;
    private static final int IMPOSSIBLE = -1;

    private final Ring ring;
    private final ChainBatch batch;
    private final Flights flights;
    private final CopyTable copies;
    private final QueueStats stats;
    private final boolean statistics;
    private final int headerBytes;
    private final boolean mergeable;
    private final TransmitOffload offload;
    private final Lookahead lookahead;
    private final SegmentCursor cursor = new SegmentCursor();
    private final MemorySegment scratch = Arena.ofAuto().allocate(16, 8);
    private final long header = scratch.address();

    AsyncEnqueuer(
            Ring ring, NetLayout layout, NetOptions options, Flights flights, CopyTable copies, QueueStats stats) {
        this.ring = ring;
        this.batch = ring.ownBatch();
        this.flights = flights;
        this.copies = copies;
        this.stats = stats;
        this.statistics = options.statistics();
        this.headerBytes = layout.headerBytes();
        this.mergeable = layout.mergeable();
        this.offload = new TransmitOffload(layout.features());
        this.lookahead = new Lookahead(ring.size());
    }

    /** Submits packets, as {@link Flights} counts them. */
    void burst(Packet[] packets, int from, int count) {
        int done = 0;
        int wanted = lookahead.first(count);
        while (done < count) {
            int most = Math.min(wanted, ring.size() - ring.taken());
            int chains = most == 0 ? 0 : ring.gather(most);
            if (chains == 0) {
                break;
            }
            int used = 0;
            int before = done;
            while (done < count && flights.room() > 1) {
                used = skipRunts(used, chains);
                int taken = submit((PooledPacket) packets[from + done], used, chains);
                if (taken == NO_ROOM) {
                    break;
                }
                used += Math.max(0, taken);
                done++;
            }
            if (used > 0) {
                ring.take(used);
            }
            int looked = wanted;
            wanted = lookahead.next(count - done, done - before, used, chains);
            if (used < chains && done == before && chains == ring.size() && flights.room() > 1) {
                // all buffers that there can ever be are too few for this packet
                drop((PooledPacket) packets[from + done]);
                done++;
            } else if (chains < looked || flights.room() <= 1) {
                break;
            }
        }
        copies.submit();
    }

    /** Passes over chains that cannot even hold a header; they are given back empty. */
    private int skipRunts(int from, int chains) {
        int chain = from;
        while (chain < chains && batch.totalBytes(chain) < headerBytes) {
            batch.writtenBytes[chain++] = 0;
            stats.add(Counter.MALFORMED_CHAINS, 1);
        }
        if (chain > from) {
            flights.nextSlot();
            flights.add(null, chain - from);
        }
        return chain;
    }

    /** Begins the copies of a packet into chains from {@code chain} on; returns how many, {@link #NO_ROOM} or {@link #IMPOSSIBLE}. */
    private int submit(PooledPacket packet, int chain, int chains) {
        if (chain == chains) {
            return NO_ROOM;
        }
        // a last segment that was changed on its own is as long as it says, whatever the packet says
        int bytes = packet.next() == null ? packet.dataLength() : packet.packetLength();
        long total = (long) bytes + headerBytes;
        int taken = chainsFor(total, chain, chains);
        if (taken == NO_ROOM) {
            return NO_ROOM;
        }
        if (taken == IMPOSSIBLE || !offload.prepareAny(packet)) {
            drop(packet);
            return IMPOSSIBLE;
        }
        int slot = flights.nextSlot();
        setHeader(offload.firstWord, taken << 16 | offload.csumOffset);
        cursor.start(batch, batch.firstSegment[chain]);
        cursor.write(header, headerBytes);
        int left = bytes;
        for (PooledPacket part = packet; part != null; part = part.next()) {
            // there is room for the length of the packet only, also if its segments were changed one by one
            int piece = Math.min(left, part.dataLength());
            write(part, piece, slot);
            left -= piece;
        }
        divide(total, chain, taken);
        add(packet, taken);
        return taken;
    }

    private void drop(PooledPacket packet) {
        stats.add(Counter.OVERSIZE_PACKETS, 1);
        flights.nextSlot();
        add(packet, 0);
    }

    private void add(PooledPacket packet, int chains) {
        // no error may come between the reference and the account of it
        HostWindow.settle();
        packet.retain();
        flights.add(packet, chains);
    }

    private void write(PooledPacket part, int bytes, int slot) {
        boolean reached = copies.reaches(part);
        long from = part.dataAddress();
        int done = 0;
        while (done < bytes) {
            int piece = cursor.piece(bytes - done);
            copies.copy(from + done, cursor.position(), piece, slot, reached);
            cursor.skip(piece);
            done += piece;
        }
    }

    private int chainsFor(long total, int chain, int chains) {
        if (batch.totalBytes(chain) >= total) {
            return 1;
        }
        if (!mergeable) {
            return IMPOSSIBLE;
        }
        long room = 0;
        for (int end = chain; end < chains; end++) {
            room += Math.max(0, batch.totalBytes(end));
            if (room >= total) {
                return end - chain + 1;
            }
        }
        return NO_ROOM;
    }

    private void setHeader(long firstWord, int secondWord) {
        HostWindow.setLong(header, firstWord);
        if (headerBytes == NetHeader.BYTES) {
            HostWindow.setInt(header + NetHeader.CSUM_OFFSET, secondWord);
        } else {
            HostWindow.setShort(header + NetHeader.CSUM_OFFSET, secondWord);
        }
    }

    /** Says how much of {@code total} goes into each of the chains. */
    private void divide(long total, int chain, int taken) {
        long left = total;
        for (int i = chain; i < chain + taken; i++) {
            long bytes = Math.min(left, Math.max(0, batch.totalBytes(i)));
            batch.writtenBytes[i] = (int) bytes;
            left -= bytes;
        }
    }

    /** Sees what copies have ended, and gives the guest its buffers as far as it goes in order. */
    void advance() {
        copies.poll();
        int chains = 0;
        for (int slot = flights.ready(); slot >= 0; slot = flights.ready()) {
            PooledPacket packet = flights.packet(slot);
            if (packet != null && statistics && flights.chains(slot) > 0) {
                stats.countPacket(packet);
            }
            chains += flights.chains(slot);
            flights.publish(true);
        }
        if (chains > 0) {
            ring.giveBack(chains);
        }
    }
}
