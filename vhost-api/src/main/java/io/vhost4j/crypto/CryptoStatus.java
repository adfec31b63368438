// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import org.jspecify.annotations.Nullable;

/** How an operation ended (virtio 1.2 §5.9.7.1). */
public enum CryptoStatus {
    /** Done. */
    OK(0),
    /** Failed for another reason than those below. */
    ERR(1),
    /** What was decrypted is not authentic. */
    BADMSG(2),
    /** The algorithm or operation is not supported. */
    NOTSUPP(3),
    /** There is no such session. */
    INVSESS(4),
    /** There are too many sessions. */
    NOSPC(5),
    /** The signature is not of this data and key. */
    KEY_REJECTED(6);

    private static final CryptoStatus[] ALL = values();

    private final int code;

    CryptoStatus(int code) {
        this.code = code;
    }

    /** The number of virtio, which is also its bit in the configuration space. */
    public int code() {
        return code;
    }

    /** The algorithm with this number, or null if there is none. */
    public static @Nullable CryptoStatus of(int code) {
        for (CryptoStatus one : ALL) {
            if (one.code == code) {
                return one;
            }
        }
        return null;
    }
}
