// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import io.vhost4j.virtiouser.VirtioUser;
import java.nio.file.Path;
import java.time.Duration;

/** A well-behaved front-end that circulates echo requests. For one thread. */
final class EchoClient implements AutoCloseable {
    private static final int BURST = 32;
    private static final int REPLY_AT = 34;
    private static final long RETRY_NANOS = 200_000_000;

    private final VirtioUser device;
    private final byte[] frame = Icmp.request(1, 64);
    private final Packet[] out = new Packet[BURST];
    private final Packet[] in = new Packet[BURST];
    private int inFlight;
    private long lastSent = System.nanoTime();

    /** Connects; throws if the back-end does not serve it in time. */
    EchoClient(Path socket, Duration limit, boolean packed) {
        device = VirtioUser.builder(socket)
                .connectTimeout(limit)
                .bufferCount(1024)
                .packed(packed)
                .reconnect(false)
                .connect();
    }

    /** Receives, and sends as many as are missing from {@code window}; returns how many replies came. */
    int turn(int window) {
        int count = device.receive(0, in, 0, BURST);
        int replies = 0;
        for (int i = 0; i < count; i++) {
            replies += in[i].packetLength() > REPLY_AT + 2 && Icmp.isReply(in[i].getUnsignedShort(REPLY_AT)) ? 1 : 0;
        }
        PacketPool pool = device.pool();
        pool.freeBulk(in, 0, count);
        inFlight -= count;
        long now = System.nanoTime();
        if (now - lastSent > RETRY_NANOS) {
            inFlight = 0; // lost: a back-end may drop packets
        }
        int wanted = Math.min(BURST, window - inFlight);
        if (wanted > 0) {
            send(pool, wanted);
            lastSent = now;
        }
        return replies;
    }

    private void send(PacketPool pool, int wanted) {
        device.reclaim(0);
        int ready = 0;
        while (ready < wanted) {
            Packet packet = pool.allocate();
            if (packet == null) {
                break;
            }
            packet.append(frame.length);
            packet.setBytes(0, frame, 0, frame.length);
            out[ready++] = packet;
        }
        int sent = device.transmit(0, out, 0, ready);
        pool.freeBulk(out, sent, ready - sent);
        inFlight += sent;
    }

    /** Whether {@code wanted} replies come within a time. */
    boolean exchange(int wanted, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        int replies = 0;
        while (replies < wanted && System.nanoTime() - end < 0) {
            replies += turn(BURST);
            Thread.onSpinWait();
        }
        return replies >= wanted;
    }

    /** Waits until nothing is in flight. */
    void drain(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        while (inFlight > 0 && System.nanoTime() - end < 0) {
            turn(0);
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        device.close();
    }
}
