// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Packets and bytes of one direction. One thread counts, any thread reads. */
final class TrafficCounter {
    private static final VarHandle PACKETS = handle("packets");
    private static final VarHandle BYTES = handle("bytes");
    private static final VarHandle DROPPED = handle("dropped");

    private long packets;
    private long bytes;
    private long dropped;

    private static VarHandle handle(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(TrafficCounter.class, field, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    void add(int morePackets, long moreBytes, int moreDropped) {
        PACKETS.setOpaque(this, packets + morePackets);
        BYTES.setOpaque(this, bytes + moreBytes);
        DROPPED.setOpaque(this, dropped + moreDropped);
    }

    long packets() {
        return (long) PACKETS.getOpaque(this);
    }

    long bytes() {
        return (long) BYTES.getOpaque(this);
    }

    long dropped() {
        return (long) DROPPED.getOpaque(this);
    }
}
