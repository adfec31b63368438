// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.SessionParameters;
import java.util.concurrent.atomic.AtomicBoolean;

/** A session of a guest's, or what a single request brought along. */
final class OpenSession {
    final long id;
    final SessionParameters parameters;
    /** What the crypto device made. */
    final Object made;

    private final CryptoDevice device;
    private final AtomicBoolean closed = new AtomicBoolean();

    OpenSession(long id, SessionParameters parameters, CryptoDevice device, Object made) {
        this.id = id;
        this.parameters = parameters;
        this.device = device;
        this.made = made;
    }

    /** Ends it and wipes its keys. Any thread. */
    void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                device.closeSession(made);
            } finally {
                parameters.wipe();
            }
        }
    }
}
