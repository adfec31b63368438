// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import java.security.GeneralSecurityException;

/** A session's keyed algorithms, for one thread at a time. */
abstract class Worker {
    /**
     * Does what a request asks for, into its output.
     *
     * @return how it ended; what {@link #written} says counts only if that is OK
     */
    abstract CryptoStatus run(CryptoRequest request) throws GeneralSecurityException;

    /** Bytes of data that the last request has made. */
    abstract int written();

    /** Has the implementations forget their keys, as far as they can be made to. */
    abstract void wipe();
}
