// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import org.jspecify.annotations.Nullable;

/** Authenticated encryption (virtio 1.2 §5.9.3.4). */
public enum AeadAlgorithm {
    /** AES-GCM. */
    AES_GCM(1),
    /** AES-CCM. */
    AES_CCM(2),
    /** ChaCha20-Poly1305, RFC 8439. */
    CHACHA20_POLY1305(3);

    private static final AeadAlgorithm[] ALL = values();

    private final int code;

    AeadAlgorithm(int code) {
        this.code = code;
    }

    /** The number of virtio, which is also its bit in the configuration space. */
    public int code() {
        return code;
    }

    /** The algorithm with this number, or null if there is none. */
    public static @Nullable AeadAlgorithm of(int code) {
        for (AeadAlgorithm one : ALL) {
            if (one.code == code) {
                return one;
            }
        }
        return null;
    }
}
