// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.ring.Ring;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;

/** What comes before the packets of a transmit ring: a frame from elsewhere, and chains that are given back unprocessed. Inside the gate. */
final class Backlog {
    private static final int NOT_COUNTED = -1;

    private final PendingRarp rarp = new PendingRarp();
    /** Chains to be given back unprocessed before any is taken; {@link #NOT_COUNTED} for those of the first look. */
    private int outstanding;
    /** Whether the front-end has enabled the ring since it started. */
    private boolean wasEnabled;

    /** A ring starts. */
    void start(boolean enabled) {
        outstanding = 0;
        wasEnabled = enabled;
    }

    void setEnabled(boolean value) {
        wasEnabled |= value;
    }

    /** Has all chains that there are at the next look be given back. */
    void discardAll() {
        outstanding = NOT_COUNTED;
    }

    /** Delivers a RARP frame for {@code mac} as the next packet. Any thread. */
    void injectRarp(long mac) {
        rarp.set(mac);
    }

    /** Whether a frame waits. Any thread. */
    boolean hasRarp() {
        return rarp.isSet();
    }

    /** Takes the frame that waits, if there is one; how many were stored. */
    int takeRarp(PacketPool pool, Packet[] packets, int at) {
        return rarp.take(pool, packets, at);
    }

    /**
     * Whether packets may be taken out of the ring; discards what must be before.
     *
     * @param idle whether no chain is taken, or nothing can be discarded
     */
    boolean mayTake(Ring ring, Dequeuer source, int count, boolean enabled, boolean idle) {
        if (idle && enabled && outstanding != 0) {
            int left = outstanding == NOT_COUNTED ? ring.available() : outstanding;
            outstanding = left == 0 ? 0 : left - source.discard(left);
        } else if (idle && !enabled && wasEnabled) {
            // what is sent before the first enabling waits for it: that message may still be on its way
            source.discard(count);
        }
        return enabled && outstanding == 0;
    }
}
