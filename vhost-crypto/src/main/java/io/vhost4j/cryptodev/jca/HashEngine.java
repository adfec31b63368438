// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;

/** A provider's hash. */
final class HashEngine extends DigestEngine {
    private final MessageDigest digest;
    private final byte[] whole;

    HashEngine(MessageDigest digest) {
        this.digest = digest;
        whole = new byte[digest.getDigestLength()];
    }

    @Override
    int length() {
        return whole.length;
    }

    @Override
    void start() {
        digest.reset();
    }

    @Override
    void update(byte[] from, int at, int bytes) {
        digest.update(from, at, bytes);
    }

    @Override
    void finish(byte[] to, int at, int bytes) throws GeneralSecurityException {
        digest.digest(whole, 0, whole.length);
        System.arraycopy(whole, 0, to, at, bytes);
    }

    @Override
    void wipe() {
        digest.reset();
        Arrays.fill(whole, (byte) 0);
    }
}
