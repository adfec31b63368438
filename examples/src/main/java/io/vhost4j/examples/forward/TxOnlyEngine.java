// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.examples.wire.Frames;
import io.vhost4j.examples.wire.MacAddress;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.List;

/** Makes packets and sends them to the guest, as fast as it takes them; what it does not take is freed. */
final class TxOnlyEngine implements Engine {
    private static final int FROM = 0xC612_0001; // 198.18.0.1: for benchmarks, RFC 2544
    private static final int TO = 0xC612_0002;

    private final Mover mover;
    private final int[] segments;
    private final byte[] headers;

    /** Sends packets with segments of these many bytes, from the station {@code mac}. */
    TxOnlyEngine(Mover mover, List<Integer> segments, long mac) {
        this.mover = mover;
        this.segments = segments.stream().mapToInt(Integer::intValue).toArray();
        int length = segments.stream().mapToInt(Integer::intValue).sum();
        headers = Frames.udpHeaders(MacAddress.BROADCAST, mac, FROM, TO, length);
    }

    @Override
    public int poll(Lane lane) {
        mover.collect(lane);
        int claimed = mover.claim(Lane.BURST);
        int made = make(lane.packets, claimed);
        int sent = made == 0 ? 0 : mover.give(lane, 0, made);
        mover.pool().freeBulk(lane.packets, 0, made);
        mover.settle(claimed, sent);
        return sent;
    }

    /** Nothing is held between polls. */
    @Override
    public void end(Lane lane) {}

    /** Makes as many packets as there are buffers for, up to {@code wanted}. */
    private int make(Packet[] packets, int wanted) {
        PacketPool pool = mover.pool();
        if (wanted == 0 || !pool.allocateBulk(packets, 0, wanted)) {
            return 0;
        }
        for (int i = 0; i < wanted; i++) {
            Packet packet = packets[i];
            packet.append(segments[0]);
            packet.setBytes(0, headers, 0, Math.min(headers.length, segments[0]));
            if (segments.length > 1 && !chain(pool, packet)) {
                pool.freeBulk(packets, i, wanted - i);
                return i;
            }
        }
        return wanted;
    }

    private boolean chain(PacketPool pool, Packet head) {
        int done = segments[0];
        for (int i = 1; i < segments.length; i++) {
            Packet segment = pool.allocate();
            if (segment == null) {
                return false;
            }
            segment.append(segments[i]);
            int left = Math.max(0, Math.min(headers.length - done, segments[i]));
            segment.setBytes(0, headers, Math.min(done, headers.length), left);
            done += segments[i];
            head.chain(segment);
        }
        return true;
    }
}
