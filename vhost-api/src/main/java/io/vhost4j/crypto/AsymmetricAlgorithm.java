// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import org.jspecify.annotations.Nullable;

/** Asymmetric algorithms (virtio 1.2 §5.9.3.5). */
public enum AsymmetricAlgorithm {
    /** RSA. */
    RSA(1),
    /** ECDSA. */
    ECDSA(2);

    private static final AsymmetricAlgorithm[] ALL = values();

    private final int code;

    AsymmetricAlgorithm(int code) {
        this.code = code;
    }

    /** The number of virtio, which is also its bit in the configuration space. */
    public int code() {
        return code;
    }

    /** The algorithm with this number, or null if there is none. */
    public static @Nullable AsymmetricAlgorithm of(int code) {
        for (AsymmetricAlgorithm one : ALL) {
            if (one.code == code) {
                return one;
            }
        }
        return null;
    }
}
