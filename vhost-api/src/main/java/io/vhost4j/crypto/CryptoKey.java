// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import java.util.Arrays;

/** A guest's key. Whoever was given a session's parameters wipes their keys when the session is closed. Any thread. */
public final class CryptoKey implements AutoCloseable {
    private final byte[] bytes;
    private volatile boolean wiped;

    private CryptoKey(byte[] bytes) {
        this.bytes = bytes;
    }

    /** A key of {@code length} bytes of {@code from}, copied. */
    public static CryptoKey copyOf(byte[] from, int at, int length) {
        return new CryptoKey(Arrays.copyOfRange(from, at, at + length));
    }

    /** How many bytes. */
    public int length() {
        return bytes.length;
    }

    /**
     * The bytes, all 0 once wiped. The array is the key's own: not to be changed, and not to be kept beyond the session.
     *
     * @throws IllegalStateException if it was wiped
     */
    public byte[] bytes() {
        if (wiped) {
            throw new IllegalStateException("the key was wiped: its session is closed");
        }
        return bytes;
    }

    /** Overwrites the bytes. */
    @Override
    public void close() {
        wiped = true;
        Arrays.fill(bytes, (byte) 0);
    }

    @Override
    public String toString() {
        return "key of " + bytes.length + " bytes";
    }
}
