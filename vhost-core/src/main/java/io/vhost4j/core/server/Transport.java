// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

/** How connections come about: by listening or by connecting. */
interface Transport {
    /** Begins; event thread. */
    void begin();

    /** A connection has ended; event thread. */
    void connectionEnded();

    /** Makes no more connections; event thread. Once. */
    void end();
}
