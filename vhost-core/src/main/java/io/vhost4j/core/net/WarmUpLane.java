// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.ring.RingFault;
import io.vhost4j.packet.Packet;
import java.util.List;

/** A pair of queues for {@link WarmUp}, and the guest that sends on one and receives on the other. */
final class WarmUpLane {
    /** Bytes of guest memory. */
    static final long BYTES = 2 * WarmUpRing.BYTES;

    private static final int BURST = 32;
    private static final int FULL_BURSTS = 8;
    /** Turns in which code is still watched by the compiler; rings are not made without need. */
    private static final int RESTARTING = 128;

    private static final int ETHERNET_BYTES = 14;
    private static final int IPV4_BYTES = 20;
    private static final int TCP_CSUM_OFFSET = 16;

    private final BufferPool pool;
    private final WarmUpShape shape;
    private final GuestMemory memory;
    private final WarmUpRing sender;
    private final WarmUpRing receiver;
    private final NetQueue fromGuest;
    private final NetQueue toGuest;
    /** Chains that a packet fills in the receive ring. */
    private final int chainsEach;

    private final Packet[] packets = new Packet[BURST];

    /**
     * Sets up both queues.
     *
     * @param offset where in {@code region} it has {@link #BYTES} bytes
     * @param call signalled for the guest; stays the caller's
     */
    WarmUpLane(WarmUpShape shape, BufferPool pool, GuestRegion region, long offset, EventFd call) {
        this.pool = pool;
        this.shape = shape;
        memory = GuestMemory.of(List.of(region));
        sender = new WarmUpRing(
                region, offset, shape.features(), 0, shape.indirect(), shape.varied(), shape.sendParts());
        receiver = new WarmUpRing(
                region,
                offset + WarmUpRing.BYTES,
                shape.features(),
                DescFlags.WRITE,
                false,
                false,
                shape.receiveParts());
        chainsEach = Math.ceilDiv(shape.sendBytes(), shape.receiveBytes());
        writeFrame();
        fromGuest = queue(1, sender, call);
        toGuest = queue(0, receiver, call);
    }

    private NetQueue queue(int index, WarmUpRing ring, EventFd call) {
        NetQueue queue = new NetQueue(index, WarmUpLane::broken, new NetOptions(true, false, false, false));
        queue.pause();
        queue.start(ring.setup(ring.start()), memory);
        queue.setCall(call);
        queue.setEnabled(true);
        queue.setActive(true);
        queue.resume();
        return queue;
    }

    private static void broken(int queue, RingFault fault, long value) {
        throw new IllegalStateException("warm-up: queue=" + queue + ": " + fault + ", value=" + value);
    }

    /** A TCP segment over IPv4, with a header that asks for its checksum if the guest may. */
    private void writeFrame() {
        long header = sender.buffers();
        if (VirtioFeature.CSUM.in(shape.features())) {
            HostWindow.setByte(header + NetHeader.FLAGS, NetHeader.F_NEEDS_CSUM);
            HostWindow.setShort(header + NetHeader.CSUM_START, ETHERNET_BYTES + IPV4_BYTES);
            HostWindow.setShort(header + NetHeader.CSUM_OFFSET, TCP_CSUM_OFFSET);
        }
        long ethernet = header + NetHeader.BYTES;
        HostWindow.setByte(ethernet + 12, 0x08);
        long ip = ethernet + ETHERNET_BYTES;
        HostWindow.setByte(ip, 0x45);
        HostWindow.setByte(ip + 9, Headers.PROTOCOL_TCP);
        HostWindow.setByte(ip + IPV4_BYTES + 12, 0x50);
    }

    /** Packets as they come under load: full bursts, now and then a few or none, and rarely more than the guest has buffers for. */
    void round(int turn) {
        boolean notify = shape.notifies() && (turn & 1) == 0;
        for (int i = 0; i < FULL_BURSTS; i++) {
            forward(BURST / chainsEach, notify);
        }
        poll();
        forward(1 + (turn & 7), notify);
        poll();
        if ((turn & 7) == 0) {
            shortOfBuffers(turn >> 3 & 7);
            if (turn < RESTARTING) {
                restart(fromGuest, sender);
                restart(toGuest, receiver);
            }
        }
    }

    /** What is done once for each ring must not be new to the compiler either. */
    private void restart(NetQueue queue, WarmUpRing ring) {
        queue.pause();
        int position = queue.stop();
        queue.start(ring.setup(position), memory);
        queue.resume();
    }

    /** A few packets. */
    void taste() {
        forward(2, true);
        forward(2, false);
    }

    /** Takes packets from the guest and gives them back to it. */
    private void forward(int count, boolean notify) {
        sender.provide(count, notify);
        receiver.overwriteHeader();
        receiver.provide(count * chainsEach, notify);
        int taken = fromGuest.dequeueBurst(pool, packets, 0, BURST);
        require(count, taken);
        require(count, toGuest.enqueueBurst(packets, 0, taken));
        pool.freeBulk(packets, 0, taken);
    }

    private void shortOfBuffers(int buffers) {
        sender.provide(BURST / 2, false);
        require(BURST / 2, fromGuest.dequeueBurst(pool, packets, 0, BURST));
        if (buffers > 0) {
            receiver.provide(buffers * chainsEach, false);
        }
        require(buffers, toGuest.enqueueBurst(packets, 0, BURST / 2));
        pool.freeBulk(packets, 0, BURST / 2);
    }

    /** A poll that finds nothing. */
    void poll() {
        require(0, fromGuest.dequeueBurst(pool, packets, 0, BURST));
    }

    private void require(int wanted, int moved) {
        if (moved != wanted) {
            throw new IllegalStateException("warm-up: " + shape + ": " + moved + " packets moved, not " + wanted);
        }
    }
}
