// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.util.Arrays;
import javax.crypto.SecretKey;

/** A key whose bytes can be wiped, which those of {@code SecretKeySpec} cannot. */
final class RawKey implements SecretKey {
    private static final long serialVersionUID = 1;

    private final String algorithm;
    private final transient byte[] bytes;

    /** A key of bytes that are this object's from here on. */
    RawKey(String algorithm, byte[] bytes) {
        this.algorithm = algorithm;
        this.bytes = bytes;
    }

    static RawKey copyOf(String algorithm, byte[] from, int at, int length) {
        return new RawKey(algorithm, Arrays.copyOfRange(from, at, at + length));
    }

    /** As long as this one, of zeros: to have an implementation forget what it made of this one. */
    RawKey zeros() {
        return new RawKey(algorithm, new byte[bytes.length]);
    }

    @Override
    public String getAlgorithm() {
        return algorithm;
    }

    @Override
    public String getFormat() {
        return "RAW";
    }

    @Override
    public byte[] getEncoded() {
        return bytes.clone();
    }

    @Override
    public void destroy() {
        Arrays.fill(bytes, (byte) 0);
    }
}
