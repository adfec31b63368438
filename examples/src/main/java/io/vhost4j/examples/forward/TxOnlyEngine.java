// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.VhostException;
import io.vhost4j.examples.wire.Frames;
import io.vhost4j.examples.wire.MacAddress;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends the same packets to the guest again and again, as fast as it takes them. */
final class TxOnlyEngine implements Engine {
    private static final int FROM = 0xC612_0001; // 198.18.0.1: for benchmarks, RFC 2544
    private static final int TO = 0xC612_0002;

    private final Mover mover;
    private final List<Integer> segments;
    private final byte[] frame;

    /** Sends packets with segments of these many bytes, from the station {@code mac}. */
    TxOnlyEngine(Mover mover, List<Integer> segments, long mac) {
        this.mover = mover;
        this.segments = segments;
        int length = segments.stream().mapToInt(Integer::intValue).sum();
        frame = new byte[length];
        byte[] headers = Frames.udpHeaders(MacAddress.BROADCAST, mac, FROM, TO, length);
        System.arraycopy(headers, 0, frame, 0, headers.length);
    }

    @Override
    public void begin(Lane lane) {
        for (int i = 0; i < Lane.BURST; i++) {
            Packet packet = make();
            if (packet == null) {
                end(lane);
                throw new VhostException("txonly needs " + Lane.BURST * segments.size()
                        + " buffers for each queue of each device: give more --buffers");
            }
            lane.packets[i] = packet;
            lane.held++;
        }
    }

    @Override
    public int poll(Lane lane) {
        int count = mover.claim(Lane.BURST);
        if (count == 0) {
            return 0;
        }
        int sent = mover.give(lane, 0, count);
        mover.settle(count, sent);
        return sent;
    }

    @Override
    public void end(Lane lane) {
        mover.pool().freeBulk(lane.packets, 0, lane.held);
        lane.held = 0;
    }

    private @Nullable Packet make() {
        PacketPool pool = mover.pool();
        Packet head = null;
        int done = 0;
        for (int length : segments) {
            Packet segment = pool.allocate();
            if (segment == null) {
                if (head != null) {
                    head.free();
                }
                return null;
            }
            segment.append(length);
            segment.setBytes(0, frame, done, length);
            done += length;
            if (head == null) {
                head = segment;
            } else {
                head.chain(segment);
            }
        }
        return head;
    }
}
