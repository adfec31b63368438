// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

/** What {@code forward} does with packets. */
enum Mode {
    /** Sends packets on as they are. */
    IO,
    /** As {@link #IO}, with the Ethernet addresses exchanged. */
    MACSWAP,
    /** Answers ARP and ICMP echo requests. */
    ICMPECHO,
    /** Only counts what guests send. */
    RXONLY,
    /** Only sends to guests. */
    TXONLY;

    /** Whether packets pass between two sockets where there are two. */
    boolean joinsPairs() {
        return this == IO || this == MACSWAP;
    }
}
