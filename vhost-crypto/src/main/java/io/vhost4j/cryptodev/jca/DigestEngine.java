// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.security.GeneralSecurityException;

/** A hash, or a message authentication code with its key. For one thread at a time. */
abstract class DigestEngine {
    /** Bytes of a whole digest. */
    abstract int length();

    /** Begins anew, whatever came before. */
    abstract void start() throws GeneralSecurityException;

    /** Adds bytes. */
    abstract void update(byte[] from, int at, int bytes) throws GeneralSecurityException;

    /** Ends, and stores the first {@code bytes} bytes of the digest, at most {@link #length}. */
    abstract void finish(byte[] to, int at, int bytes) throws GeneralSecurityException;

    /** Forgets the key. */
    abstract void wipe();
}
