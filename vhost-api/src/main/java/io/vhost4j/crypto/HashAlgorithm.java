// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import org.jspecify.annotations.Nullable;

/** Hashes (virtio 1.2 §5.9.3.2). */
public enum HashAlgorithm {
    /** MD5. */
    MD5(1, 16),
    /** SHA-1. */
    SHA1(2, 20),
    /** SHA-224. */
    SHA224(3, 28),
    /** SHA-256. */
    SHA256(4, 32),
    /** SHA-384. */
    SHA384(5, 48),
    /** SHA-512. */
    SHA512(6, 64),
    /** SHA3-224. */
    SHA3_224(7, 28),
    /** SHA3-256. */
    SHA3_256(8, 32),
    /** SHA3-384. */
    SHA3_384(9, 48),
    /** SHA3-512. */
    SHA3_512(10, 64),
    /** SHAKE128, of any length. */
    SHAKE128(11, 0),
    /** SHAKE256, of any length. */
    SHAKE256(12, 0);

    private static final HashAlgorithm[] ALL = values();

    private final int code;
    private final int digestBytes;

    HashAlgorithm(int code, int digestBytes) {
        this.code = code;
        this.digestBytes = digestBytes;
    }

    /** The number of virtio, which is also its bit in the configuration space. */
    public int code() {
        return code;
    }

    /** Bytes of a whole digest, 0 if it can have any length. */
    public int digestBytes() {
        return digestBytes;
    }

    /** The algorithm with this number, or null if there is none. */
    public static @Nullable HashAlgorithm of(int code) {
        return code >= 1 && code <= ALL.length ? ALL[code - 1] : null;
    }
}
