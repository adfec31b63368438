// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import org.jspecify.annotations.Nullable;

/** Curves of NIST for ECDSA (virtio 1.2 §5.9.7.2.1). */
public enum EllipticCurve {
    /** P-192. */
    P192(1),
    /** P-224. */
    P224(2),
    /** P-256. */
    P256(3),
    /** P-384. */
    P384(4),
    /** P-521. */
    P521(5);

    private static final EllipticCurve[] ALL = values();

    private final int code;

    EllipticCurve(int code) {
        this.code = code;
    }

    /** The number of virtio, which is also its bit in the configuration space. */
    public int code() {
        return code;
    }

    /** The algorithm with this number, or null if there is none. */
    public static @Nullable EllipticCurve of(int code) {
        for (EllipticCurve one : ALL) {
            if (one.code == code) {
                return one;
            }
        }
        return null;
    }
}
