// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.packet.Packet;
import org.jspecify.annotations.Nullable;

/** The driver's side of a receive ring. Calls come one at a time, see {@link Gate}. */
sealed interface RxDriver permits SplitRxDriver, PackedRxDriver {
    /** Takes received packets, and fills the ring up with empty ones. Returns how many. */
    int receive(@Nullable Packet[] packets, int from, int limit);

    /** Asks the back-end to call when it has used a buffer, or not to. Returns whether it has already. */
    boolean wantCalls(boolean wanted);

    /**
     * Takes what a back-end that went away had given back; the ring stays as it is.
     *
     * @return where the driver's side is, in the 16 bits of SET_VRING_BASE; -1 if the ring cannot go on as it is
     */
    int settle();

    /**
     * Lays the ring out anew for a back-end that has just connected.
     *
     * @return the position to give to the back-end, see SET_VRING_BASE
     */
    int restart(EventFd kick);

    /** Frees all packets in the ring; no back-end uses it. */
    void release();

    /** What the back-end did wrong, if it did; the ring stands still until {@link #restart}. */
    @Nullable
    String fault();

    /** What was received. */
    TrafficCounter counter();
}
