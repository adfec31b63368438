// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import io.vhost4j.spi.CryptoProvider;
import java.security.Provider;

/** What does the cryptography; mirrors DPDK's cryptodev. Any thread, unless a method says otherwise. */
public interface CryptoDevice {
    /** A device that uses the Java Cryptography Architecture, with the providers that the Java runtime prefers. */
    static CryptoDevice jca() {
        return CryptoProvider.instance().jca(null);
    }

    /** A device that uses one provider of the Java Cryptography Architecture; it can do what that provider can. */
    static CryptoDevice jca(Provider provider) {
        return CryptoProvider.instance().jca(provider);
    }

    /** What it can do. */
    CryptoCapabilities capabilities();

    /**
     * Makes a session.
     *
     * @param parameters with keys that stay as they are until {@link #closeSession}, and are wiped by the caller after that
     * @return what requests of the session carry
     * @throws CryptoException if it cannot, with what the guest is told
     */
    Object createSession(SessionParameters parameters);

    /** Ends a session and wipes what was made of its keys. Requests of it may still be under way; they may fail. */
    void closeSession(Object session);

    /**
     * Takes requests.
     *
     * @param queuePair at most one thread at a time uses a queue pair; 0 and up
     * @return how many were taken, from the first
     */
    int enqueueBurst(int queuePair, CryptoRequest[] requests, int from, int count);

    /**
     * Gives back requests that were taken and have been completed, in any order.
     *
     * @param queuePair as for {@link #enqueueBurst}
     * @return how many were stored at {@code from} and up
     */
    int dequeueBurst(int queuePair, CryptoRequest[] requests, int from, int count);
}
