// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.packet.Packet;
import org.jspecify.annotations.Nullable;

/** The driver's side of a transmit ring. Calls come one at a time, see {@link Gate}. */
sealed interface TxDriver permits SplitTxDriver, PackedTxDriver {
    /** Makes packets available, and completes earlier ones. Returns how many were taken over. */
    int transmit(Packet[] packets, int from, int count);

    /** Frees the packets that the back-end is done with. Returns how many are still in flight. */
    int reclaim();

    /**
     * Takes what a back-end that went away had given back; the ring stays as it is.
     *
     * @return where the driver's side is, in the 16 bits of SET_VRING_BASE; -1 if the ring cannot go on as it is
     */
    int settle();

    /**
     * Lays the ring out anew for a back-end that has just connected: what is in flight is made available again, in its order.
     *
     * @return the position to give to the back-end, see SET_VRING_BASE
     */
    int restart(EventFd kick);

    /** Frees all packets in flight; no back-end uses the ring. */
    void release();

    /** What the back-end did wrong, if it did; the ring stands still until {@link #restart}. */
    @Nullable
    String fault();

    /** What was sent. */
    TrafficCounter counter();
}
