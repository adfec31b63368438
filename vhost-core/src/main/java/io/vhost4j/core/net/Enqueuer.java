// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.linux.Prefetch;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.net.QueueStats.Counter;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.core.ring.ChainBatch;
import io.vhost4j.core.ring.Ring;
import io.vhost4j.packet.Packet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Puts packets into a receive ring of the guest's. Used by the thread that is in the ring. */
final class Enqueuer {
    /** The header's second word for a packet in one buffer that asks for nothing. */
    private static final int ONE_BUFFER = 1 << 16;

    private static final int NO_ROOM = 0;
    private static final int IMPOSSIBLE = -1;

    private final Ring ring;
    private final QueueStats stats;
    private final boolean statistics;
    private final int headerBytes;
    private final boolean mergeable;
    private final TransmitOffload offload;
    private final Lookahead lookahead;
    /** Found out here, and not by the first burst: it takes some milliseconds once in a process. */
    private final boolean touches = !Prefetch.AVAILABLE;
    /** Of no meaning; kept so that the loads that touch cache lines are made. */
    @SuppressWarnings("unused")
    private long touched;

    private final SegmentCursor cursor = new SegmentCursor();
    private final MemorySegment scratch = Arena.ofAuto().allocate(16, 8);
    private final long header = scratch.address();

    Enqueuer(Ring ring, int headerBytes, boolean mergeable, long features, NetOptions options, QueueStats stats) {
        this.ring = ring;
        this.stats = stats;
        this.statistics = options.statistics();
        this.headerBytes = headerBytes;
        this.mergeable = mergeable;
        this.offload = new TransmitOffload(features);
        this.lookahead = new Lookahead(ring.size());
    }

    /** Puts up to {@code count} packets. As long as it is for the reason that {@link Dequeuer#burst} gives. */
    int burst(Packet[] packets, int from, int count) {
        int skipped = headerBytes;
        int done = 0;
        int wanted = lookahead.first(count);
        while (done < count) {
            int chains = ring.gatherShared(wanted);
            if (chains == 0) {
                break;
            }
            ChainBatch batch = ring.batch();
            int before = done;
            int used = 0;
            if (batch.isPlain()) {
                // the common case: packets of one segment, each into one chain, up to the first other one
                int first = from + done;
                int limit = Math.min(chains, count - done);
                long[] address = batch.address;
                int[] length = batch.length;
                int[] writtenBytes = batch.writtenBytes;
                // of all buffers found: a packet may go over several, and what it leaves is looked at again
                Prefetch.forWriting(address, chains, skipped);
                touched = prepare(address, length, limit);
                while (used < limit) {
                    PooledPacket packet = (PooledPacket) packets[first + used];
                    int bytes = packet.dataLength();
                    boolean fits = bytes > 0 && bytes <= length[used] - skipped;
                    if (!fits || packet.next() != null || (packet.olFlags() & TransmitOffload.REQUESTS) != 0) {
                        break;
                    }
                    HostWindow.copy(packet.dataAddress(), address[used] + skipped, bytes);
                    writtenBytes[used++] = skipped + bytes;
                }
                if (statistics) {
                    stats.countSizes(writtenBytes, skipped, used);
                    stats.countDestinations(packets, first, used);
                }
                done += used;
            }
            while (done < count) {
                used = skipRunts(batch, used, chains);
                PooledPacket packet = (PooledPacket) packets[from + done];
                int taken = put(packet, batch, used, chains);
                if (taken == NO_ROOM) {
                    break;
                }
                if (taken == IMPOSSIBLE) {
                    stats.add(Counter.OVERSIZE_PACKETS, 1);
                } else {
                    used += taken;
                    if (statistics) {
                        stats.countPacket(packet);
                    }
                }
                done++;
            }
            if (used > 0) {
                ring.publish(used);
            }
            int looked = wanted;
            wanted = lookahead.next(count - done, done - before, used, chains);
            if (used < chains && done == before && chains == ring.size()) {
                // all buffers that there can ever be are too few for this packet
                stats.add(Counter.OVERSIZE_PACKETS, 1);
                done++;
            } else if (chains < looked) {
                break;
            }
        }
        return done;
    }

    /**
     * Makes {@code count} buffers ready for a packet each that asks for nothing: with its header, and with the cache lines of header and first bytes asked for
     * before the first of them is waited for. Those of the headers are asked for by reading: a header that is there already, from the buffer's last use, is not
     * written again, and then its line does not change hands. Those of the first bytes are, too, where there is no {@link Prefetch}: the processor writes in
     * order, so where it is far from the guest's, reads get more of them at a time. That the device should not read such buffers (virtio 1.2 §2.7.5.1) is for
     * what it makes of them: here it is only whether to write what is there.
     */
    private long prepare(long[] address, int[] length, int count) {
        long seen = 0;
        for (int chain = 0; chain < count; chain++) {
            if (length[chain] > headerBytes) {
                long to = address[chain];
                if (!hasPlainHeader(to)) {
                    setHeader(to, 0, ONE_BUFFER);
                }
                if (touches) {
                    seen += HostWindow.getByte(to + headerBytes);
                }
            }
        }
        return seen;
    }

    private boolean hasPlainHeader(long at) {
        int second = headerBytes == NetHeader.BYTES
                ? HostWindow.getInt(at + NetHeader.CSUM_OFFSET) ^ ONE_BUFFER
                : HostWindow.getShort(at + NetHeader.CSUM_OFFSET);
        return (HostWindow.getLong(at) | second) == 0;
    }

    /** Passes over chains that cannot even hold a header; they are given back empty. */
    private int skipRunts(ChainBatch batch, int from, int chains) {
        int chain = from;
        while (chain < chains && batch.totalBytes(chain) < headerBytes) {
            batch.writtenBytes[chain++] = 0;
            stats.add(Counter.MALFORMED_CHAINS, 1);
        }
        return chain;
    }

    /**
     * Copies a packet into chains from {@code chain} on.
     *
     * @return how many chains it took, {@link #NO_ROOM} or {@link #IMPOSSIBLE}
     */
    private int put(PooledPacket packet, ChainBatch batch, int chain, int chains) {
        if (chain == chains) {
            return NO_ROOM;
        }
        // a last segment that was changed on its own is as long as it says, whatever the packet says
        int bytes = packet.next() == null ? packet.dataLength() : packet.packetLength();
        long total = (long) bytes + headerBytes;
        int taken = 1;
        if (batch.totalBytes(chain) < total) {
            if (!mergeable) {
                return IMPOSSIBLE;
            }
            taken = chainsFor(total, batch, chain, chains);
            if (taken == NO_ROOM) {
                return NO_ROOM;
            }
        }
        long firstWord = 0;
        int secondWord = taken << 16;
        if ((packet.olFlags() & TransmitOffload.REQUESTS) != 0) {
            if (!offload.prepare(packet)) {
                return IMPOSSIBLE;
            }
            firstWord = offload.firstWord;
            secondWord |= offload.csumOffset;
        }
        int segment = batch.firstSegment[chain];
        if (packet.next() == null && batch.length[segment] >= total) {
            long to = batch.address[segment];
            setHeader(to, firstWord, secondWord);
            HostWindow.copy(packet.dataAddress(), to + headerBytes, packet.dataLength());
            batch.writtenBytes[chain] = (int) total;
        } else {
            setHeader(header, firstWord, secondWord);
            putScattered(packet, bytes, batch, segment);
            divide(total, batch, chain, taken);
        }
        return taken;
    }

    private int chainsFor(long total, ChainBatch batch, int chain, int chains) {
        long room = 0;
        for (int end = chain; end < chains; end++) {
            room += Math.max(0, batch.totalBytes(end));
            if (room >= total) {
                return end - chain + 1;
            }
        }
        return NO_ROOM;
    }

    private void setHeader(long to, long firstWord, int secondWord) {
        HostWindow.setLong(to, firstWord);
        if (headerBytes == NetHeader.BYTES) {
            HostWindow.setInt(to + NetHeader.CSUM_OFFSET, secondWord);
        } else {
            HostWindow.setShort(to + NetHeader.CSUM_OFFSET, secondWord);
        }
    }

    private void putScattered(PooledPacket packet, int bytes, ChainBatch batch, int firstSegment) {
        cursor.start(batch, firstSegment);
        cursor.write(header, headerBytes);
        int left = bytes;
        for (PooledPacket part = packet; part != null; part = part.next()) {
            // there is room for the length of the packet only, also if its segments were changed one by one
            int piece = Math.min(left, part.dataLength());
            cursor.write(part.dataAddress(), piece);
            left -= piece;
        }
    }

    /** Says how much of {@code total} went into each of the chains. */
    private void divide(long total, ChainBatch batch, int chain, int taken) {
        long left = total;
        for (int i = chain; i < chain + taken; i++) {
            long bytes = Math.min(left, Math.max(0, batch.totalBytes(i)));
            batch.writtenBytes[i] = (int) bytes;
            left -= bytes;
        }
    }
}
