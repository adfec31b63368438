// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.fuzz.Bounds;
import io.vhost4j.fuzz.Input;
import io.vhost4j.packet.PacketPool;
import java.lang.foreign.Arena;
import java.util.Arrays;

/** A net header and a packet of one or more segments: what the guest sent, and what is to be sent to it. */
public final class HeaderTarget {
    private static final int ROOM = 256;
    private static final int HEADROOM = 64;
    private static final int CANARY = 0xA5;
    private static final BufferPool POOL =
            new BufferPool(PacketPool.builder().count(16).dataRoom(ROOM).headroom(HEADROOM));
    private static final long HEADER = Arena.global().allocate(16, 8).address();

    private HeaderTarget() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        Input in = new Input(bytes);
        try (Bounds bounds = new Bounds()) {
            HostWindow.fill(POOL.baseAddress(), POOL.lengthBytes(), CANARY);
            int kind = in.u8();
            HostWindow.copy(in.take(12), 0, HEADER, 12);
            long requests = in.u64();
            int[] lengths = {in.below(64), in.u8(), in.below(64), in.u16()};
            PooledPacket packet = packet(in, kind >> 4 & 3);
            if ((kind & 1) == 0) {
                receive(packet, (kind & 2) != 0);
            } else {
                packet.setOlFlags(requests);
                packet.setHeaderLengths(lengths[0], lengths[1], lengths[2]);
                packet.setTsoSegmentSize(lengths[3]);
                new TransmitOffload(requests >>> 8 ^ requests).prepare(packet);
            }
            checkSurroundings(packet);
            packet.free();
            Bounds.check(POOL.inUse() == 0, "packets were lost");
            bounds.checkTime();
        }
    }

    private static void receive(PooledPacket packet, boolean compliant) {
        int before = packet.packetLength();
        boolean taken = new ReceiveOffload(compliant).apply(HEADER, packet);
        Bounds.check(packet.packetLength() == before, "the length changed");
        if (taken) {
            int headers = packet.l2Length() + packet.l3Length() + packet.l4Length();
            Bounds.check(headers <= packet.dataLength(), "headers of " + headers + " in " + packet.dataLength());
        }
    }

    private static PooledPacket packet(Input in, int more) {
        PooledPacket first = segment(in, 14 + in.below(ROOM - 14));
        for (int i = 0; i < more; i++) {
            first.chain(segment(in, in.below(ROOM)));
        }
        return first;
    }

    private static PooledPacket segment(Input in, int bytes) {
        PooledPacket packet = POOL.allocate();
        if (packet == null) {
            throw new AssertionError("the pool is empty: packets were lost");
        }
        packet.append(bytes);
        byte[] content = in.take(Math.min(bytes, 100));
        packet.setBytes(0, content, 0, content.length);
        return packet;
    }

    /** Everything in the pool but the packet's data is as it was. */
    private static void checkSurroundings(PooledPacket packet) {
        for (PooledPacket part = packet; part != null; part = part.next()) {
            HostWindow.fill(part.dataAddress(), part.dataLength(), CANARY);
        }
        byte[] all = new byte[(int) POOL.lengthBytes()];
        HostWindow.copy(POOL.baseAddress(), all, 0, all.length);
        byte[] untouched = new byte[all.length];
        Arrays.fill(untouched, (byte) CANARY);
        Bounds.check(Arrays.equals(all, untouched), "written outside of the packet");
    }
}
