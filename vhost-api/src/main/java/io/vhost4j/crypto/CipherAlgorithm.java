// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import org.jspecify.annotations.Nullable;

/** Symmetric ciphers (virtio 1.2 §5.9.3.1). */
public enum CipherAlgorithm {
    /** RC4. */
    ARC4(1),
    /** AES, each block by itself. */
    AES_ECB(2),
    /** AES, blocks chained. */
    AES_CBC(3),
    /** AES in counter mode. */
    AES_CTR(4),
    /** DES, each block by itself. */
    DES_ECB(5),
    /** DES, blocks chained. */
    DES_CBC(6),
    /** Triple DES, each block by itself. */
    TRIPLE_DES_ECB(7),
    /** Triple DES, blocks chained. */
    TRIPLE_DES_CBC(8),
    /** Triple DES in counter mode. */
    TRIPLE_DES_CTR(9),
    /** KASUMI in F8 mode. */
    KASUMI_F8(10),
    /** SNOW 3G in UEA2 mode. */
    SNOW3G_UEA2(11),
    /** AES in F8 mode. */
    AES_F8(12),
    /** AES in XTS mode, for storage. */
    AES_XTS(13),
    /** ZUC in EEA3 mode. */
    ZUC_EEA3(14);

    private static final CipherAlgorithm[] ALL = values();

    private final int code;

    CipherAlgorithm(int code) {
        this.code = code;
    }

    /** The number of virtio, which is also its bit in the configuration space. */
    public int code() {
        return code;
    }

    /** The algorithm with this number, or null if there is none. */
    public static @Nullable CipherAlgorithm of(int code) {
        for (CipherAlgorithm one : ALL) {
            if (one.code == code) {
                return one;
            }
        }
        return null;
    }
}
