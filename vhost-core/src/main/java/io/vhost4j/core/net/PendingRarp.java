// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.concurrent.atomic.AtomicLong;

/** A RARP frame that the front-end wants delivered, if there is one. Any thread sets it, the burst takes it. */
final class PendingRarp {
    private static final long SET = 1L << 63;

    private final AtomicLong mac = new AtomicLong();

    /** Takes the place of one that was not delivered yet; the address's first byte is the lowest. */
    void set(long address) {
        mac.set(address | SET);
    }

    /** Whether a frame waits. */
    boolean isSet() {
        return mac.get() != 0;
    }

    /** Stores the frame at {@code from}, if there is one and a buffer for it; returns how many were stored. */
    int take(PacketPool pool, Packet[] packets, int from) {
        if (!isSet()) {
            return 0;
        }
        Packet packet = pool.allocate();
        if (packet == null) {
            return 0;
        }
        RarpPacket.fill(packet, mac.getAndSet(0));
        packets[from] = packet;
        return 1;
    }
}
