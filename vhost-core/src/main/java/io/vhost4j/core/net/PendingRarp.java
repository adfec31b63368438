// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A RARP frame that the front-end wants delivered, if there is one. Any thread sets it, the burst takes it. */
final class PendingRarp {
    private static final VarHandle MAC;
    private static final long SET = 1L << 63;

    static {
        try {
            MAC = MethodHandles.lookup().findVarHandle(PendingRarp.class, "mac", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    // looked at in every poll: in the object itself it is one cache line less
    private volatile long mac;

    /** Takes the place of one that was not delivered yet; the address's first byte is the lowest. */
    void set(long address) {
        mac = address | SET;
    }

    /** Whether a frame waits. */
    boolean isSet() {
        return mac != 0;
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
        RarpPacket.fill(packet, (long) MAC.getAndSet(this, 0L));
        packets[from] = packet;
        return 1;
    }
}
