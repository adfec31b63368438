// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/**
 * Where a back-end goes on that takes over rings which another one, or an earlier connection, has served: what becomes of chains that
 * the guest made available and did not get back. By every policy each chain is given back exactly once, and a packet is handed to the
 * application, or to the guest, at most once: data is copied before a chain is given back, and only then counts as received.
 */
public enum RecoveryPolicy {
    /**
     * The account in the in-flight buffer decides, if the front-end keeps one: chains that were taken come again in the order in which they
     * were taken, also where they were given back out of order, and a batch of which a part was given back is completed or undone. Without a
     * buffer: as {@link #REPLAY_IN_ORDER}.
     */
    INFLIGHT,

    /**
     * No account is kept. A split ring goes on behind the last chain that the used ring shows, so chains that were taken and not
     * given back come again; right where all chains are given back in order, as burst calls do. A packed ring goes on at the position
     * that the front-end sends.
     */
    REPLAY_IN_ORDER,

    /**
     * What the guest had sent before the first burst call on a transmit ring is given back to it and discarded: it may be too old
     * to be of use. Receive buffers are empty, so they are used as by {@link #INFLIGHT}. A ring that was never served loses nothing, nor
     * does one that is stopped and started again over the same connection.
     */
    DROP
}
