// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import org.jspecify.annotations.Nullable;

/** Message authentication codes (virtio 1.2 §5.9.3.3). */
public enum MacAlgorithm {
    /** HMAC with MD5. */
    HMAC_MD5(1),
    /** HMAC with SHA-1. */
    HMAC_SHA1(2),
    /** HMAC with SHA-224. */
    HMAC_SHA224(3),
    /** HMAC with SHA-256. */
    HMAC_SHA256(4),
    /** HMAC with SHA-384. */
    HMAC_SHA384(5),
    /** HMAC with SHA-512. */
    HMAC_SHA512(6),
    /** CMAC with triple DES. */
    CMAC_3DES(25),
    /** CMAC with AES. */
    CMAC_AES(26),
    /** KASUMI in F9 mode. */
    KASUMI_F9(27),
    /** SNOW 3G in UIA2 mode. */
    SNOW3G_UIA2(28),
    /** GMAC with AES. */
    GMAC_AES(41),
    /** GMAC with Twofish. */
    GMAC_TWOFISH(42),
    /** CBC-MAC with AES. */
    CBCMAC_AES(49),
    /** CBC-MAC with KASUMI. */
    CBCMAC_KASUMI_F9(50),
    /** XCBC with AES, RFC 3566. */
    XCBC_AES(53),
    /** ZUC in EIA3 mode. */
    ZUC_EIA3(54);

    private static final MacAlgorithm[] ALL = values();

    private final int code;

    MacAlgorithm(int code) {
        this.code = code;
    }

    /** The number of virtio, which is also its bit in the configuration space. */
    public int code() {
        return code;
    }

    /** The algorithm with this number, or null if there is none. */
    public static @Nullable MacAlgorithm of(int code) {
        for (MacAlgorithm one : ALL) {
            if (one.code == code) {
                return one;
            }
        }
        return null;
    }
}
