// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import org.jspecify.annotations.Nullable;

/** What a request asks for; the numbers are those of virtio, service and operation (virtio 1.2 §5.9.7.3). */
public enum CryptoOperation {
    /** Cipher or chain: encrypt. */
    ENCRYPT(0x000),
    /** Cipher or chain: decrypt. */
    DECRYPT(0x001),
    /** Compute a digest. */
    HASH(0x100),
    /** Compute a message authentication code. */
    MAC(0x200),
    /** Encrypt, and make a tag. */
    AEAD_ENCRYPT(0x300),
    /** Check the tag, and decrypt. */
    AEAD_DECRYPT(0x301),
    /** Encrypt with a public key. */
    ASYMMETRIC_ENCRYPT(0x400),
    /** Decrypt with a private key. */
    ASYMMETRIC_DECRYPT(0x401),
    /** Sign a digest. */
    SIGN(0x402),
    /** Check a signature of a digest. */
    VERIFY(0x403);

    private static final CryptoOperation[] ALL = values();

    private final int code;

    CryptoOperation(int code) {
        this.code = code;
    }

    /** The number of virtio, which is also its bit in the configuration space. */
    public int code() {
        return code;
    }

    /** The algorithm with this number, or null if there is none. */
    public static @Nullable CryptoOperation of(int code) {
        for (CryptoOperation one : ALL) {
            if (one.code == code) {
                return one;
            }
        }
        return null;
    }
}
