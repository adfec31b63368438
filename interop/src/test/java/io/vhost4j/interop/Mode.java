// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

/** What a back-end does with packets. The names are those of testpmd and of the launcher. */
enum Mode {
    /** Hands every packet on: back to the same socket, or to the other of two. */
    IO,
    /** As {@link #IO}, with source and destination address exchanged. */
    MACSWAP,
    /** Answers ARP requests and ICMP echoes. */
    ICMPECHO,
    /** Counts and frees. */
    RXONLY,
    /** testpmd only: sends without end, and receives what comes back. */
    FLOWGEN,
    /** Sends without end. */
    TXONLY;

    /** The name on a command line. */
    String word() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
