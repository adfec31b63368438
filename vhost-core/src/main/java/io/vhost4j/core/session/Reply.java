// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

/** How a request that was done is answered. */
sealed interface Reply {
    /** Zero, if the front-end wants an acknowledgement. */
    record Ack() implements Reply {}

    /** A number. */
    record U64(long value) implements Reply {}

    /** A ring's position. */
    record State(int queue, int base) implements Reply {}

    /** A header alone. */
    record Empty() implements Reply {}

    /** The only one of its kind. */
    Ack ACK = new Ack();
}
