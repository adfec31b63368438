// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.security.GeneralSecurityException;

/** A symmetric cipher with its key, in one direction. For one thread at a time. */
abstract class Transform {
    /**
     * Processes {@code bytes} bytes, to as many.
     *
     * @param iv holds the initialization vector, counter or tweak
     */
    abstract void apply(byte[] iv, int ivAt, int ivBytes, byte[] from, int at, int bytes, byte[] to, int toAt)
            throws GeneralSecurityException;

    /** Forgets the key. */
    abstract void wipe();
}
