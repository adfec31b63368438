// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.ExternalBuffers;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.core.ring.RingFault;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.fuzz.Bounds;
import io.vhost4j.fuzz.FuzzGuest;
import io.vhost4j.fuzz.Input;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketFlags;
import io.vhost4j.packet.PacketPool;

/** What ring targets share: memory between canaries, a pool, and bursts that check what comes out. Made once for all inputs. */
public final class RingRig implements QueueListener {
    private static final int POOL = 96;
    private static final int MAX_BURST = 80;
    private static final long[] REQUESTS = {
        0,
        PacketFlags.TX_TCP_CKSUM,
        PacketFlags.TX_UDP_CKSUM | PacketFlags.TX_IPV4,
        PacketFlags.TX_SCTP_CKSUM,
        PacketFlags.TX_IP_CKSUM | PacketFlags.TX_IPV4,
        PacketFlags.TX_TCP_SEG | PacketFlags.TX_IPV4 | PacketFlags.TX_IP_CKSUM,
        PacketFlags.TX_TCP_SEG | PacketFlags.TX_IPV6,
        PacketFlags.TX_UDP_SEG | PacketFlags.TX_IPV4,
    };

    /** The guest. */
    public final FuzzGuest guest = new FuzzGuest();
    /** Packets. */
    public final BufferPool pool =
            new BufferPool(PacketPool.builder().count(POOL).dataRoom(512).headroom(64));
    /** What notifies the guest. */
    public final EventFd event = EventFd.create();

    private final Packet[] packets = new Packet[MAX_BURST];
    private boolean takesOver;
    private int faults;

    /** Nothing done yet; external buffers, which are kept for reuse, are all there. */
    public RingRig() {
        PooledPacket[] all = new PooledPacket[POOL];
        for (int i = 0; i < POOL; i++) {
            all[i] = (PooledPacket) segment(0);
            ExternalBuffers.attach(all[i], Dequeuer.MAX_PACKET_BYTES);
        }
        for (PooledPacket packet : all) {
            packet.free();
        }
    }

    /** Everything as in the beginning. */
    public void reset(Input in) {
        guest.reset();
        event.drain();
        takesOver = in.flag();
        faults = 0;
    }

    /** Any features that change what rings and headers look like. */
    public static long features(Input in, boolean packed) {
        int bits = in.u16();
        long all = packed ? VirtioFeature.RING_PACKED.mask() : 0;
        VirtioFeature[] optional = {
            VirtioFeature.VERSION_1,
            VirtioFeature.RING_INDIRECT_DESC,
            VirtioFeature.RING_EVENT_IDX,
            VirtioFeature.MRG_RXBUF,
            VirtioFeature.IN_ORDER,
            VirtioFeature.CSUM,
            VirtioFeature.HOST_TSO4,
            VirtioFeature.GUEST_CSUM,
            VirtioFeature.GUEST_TSO4,
            VirtioFeature.GUEST_TSO6,
            VirtioFeature.GUEST_UFO,
        };
        for (int i = 0; i < optional.length; i++) {
            all |= (bits >>> i & 1) != 0 ? optional[i].mask() : 0;
        }
        return all;
    }

    /** A ring at the fixed places. */
    public RingSetup setup(boolean packed, int size, long features, int base) {
        return new RingSetup(
                packed,
                size,
                guest.ring(FuzzGuest.DESC),
                guest.ring(FuzzGuest.AVAIL),
                guest.ring(FuzzGuest.USED),
                features,
                base);
    }

    /** Sends or receives a burst of up to 80 packets, and frees what it got. */
    public void burst(NetQueue queue, boolean receive, Input in) {
        int count = 1 + in.below(MAX_BURST);
        int done = receive ? enqueue(queue, count, in) : dequeue(queue, count);
        Bounds.check(done >= 0 && done <= count, "a burst of " + count + " moved " + done);
        Bounds.check(pool.inUse() == 0, pool.inUse() + " packets were lost");
        if (queue.broken()) {
            Bounds.check(faults > 0, "a broken ring that nobody was told of");
            Bounds.check(queue.availEntries() == 0 && queue.rxQueueCount() == 0, "a broken ring has entries");
        }
    }

    private int dequeue(NetQueue queue, int count) {
        int done = queue.dequeueBurst(pool, packets, 0, count);
        for (int i = 0; i < done; i++) {
            checkPacket((PooledPacket) packets[i]);
            packets[i].free();
        }
        return done;
    }

    private static void checkPacket(PooledPacket packet) {
        int bytes = 0;
        int segments = 0;
        for (PooledPacket part = packet; part != null; part = part.next()) {
            Bounds.check(part.dataLength() >= 0 && part.tailroom() >= 0, "a segment longer than its buffer");
            bytes += part.dataLength();
            segments++;
        }
        Bounds.check(bytes == packet.packetLength(), "packet of " + packet.packetLength() + " has " + bytes);
        Bounds.check(segments == packet.segmentCount(), "segments");
        Bounds.check(bytes >= Headers.ETHERNET_BYTES && bytes <= Dequeuer.MAX_PACKET_BYTES, "packet of " + bytes);
        int headers = packet.l2Length() + packet.l3Length() + packet.l4Length();
        Bounds.check(headers <= packet.dataLength(), "headers of " + headers + " in " + packet.dataLength());
    }

    private int enqueue(NetQueue queue, int count, Input in) {
        int made = 0;
        int left = POOL;
        int kinds = in.u8();
        while (made < count && left > 4) {
            int segments = (kinds & 3) == 0 ? 1 + in.below(4) : 1;
            packets[made++] = packet(segments, (kinds & 4) == 0 ? 60 + made : in.u16() % 512, in, kinds);
            left -= segments;
        }
        int done = queue.enqueueBurst(packets, 0, made);
        for (int i = 0; i < made; i++) {
            packets[i].free();
        }
        return done;
    }

    private Packet packet(int segments, int bytes, Input in, int kinds) {
        Packet first = segment(bytes);
        for (int i = 1; i < segments; i++) {
            first.chain(segment(bytes));
        }
        if ((kinds & 8) != 0) {
            first.setOlFlags(REQUESTS[in.below(REQUESTS.length)]);
            first.setHeaderLengths(in.below(64), in.u8(), in.below(64));
            first.setTsoSegmentSize(in.u16());
        }
        return first;
    }

    private Packet segment(int bytes) {
        Packet packet = pool.allocate();
        if (packet == null) {
            throw new AssertionError("the pool is empty: packets were lost");
        }
        packet.append(bytes);
        return packet;
    }

    @Override
    public void guestNotified(int queue) {
        event.drain();
    }

    @Override
    public boolean guestNotify(int queue) {
        return takesOver;
    }

    @Override
    public boolean offloadsGuestNotify() {
        return takesOver;
    }

    @Override
    public void fault(int queue, RingFault fault, long value) {
        faults++;
        Bounds.check(faults < 64, "faults without end");
    }
}
