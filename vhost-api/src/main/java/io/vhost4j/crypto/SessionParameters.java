// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import org.jspecify.annotations.Nullable;

/** What a session is to do with each request. Lengths are in bytes, and the guest's: devices check them. */
public sealed interface SessionParameters {
    /** Overwrites the keys. */
    void wipe();

    /** Encrypts or decrypts. */
    record Cipher(CipherAlgorithm algorithm, CryptoKey key, boolean encrypt) implements SessionParameters {
        @Override
        public void wipe() {
            key.close();
        }
    }

    /** What makes a digest. */
    sealed interface Digest extends SessionParameters {}

    /** Computes a digest; {@code resultBytes} is how much of it the guest means to ask for. */
    record Hash(HashAlgorithm algorithm, int resultBytes) implements Digest {
        @Override
        public void wipe() {
            // no key
        }
    }

    /** Computes a message authentication code. */
    record Mac(MacAlgorithm algorithm, CryptoKey key, int resultBytes) implements Digest {
        @Override
        public void wipe() {
            key.close();
        }
    }

    /**
     * Both on the same data.
     *
     * @param digestFirst whether the digest is of what comes in; otherwise it is of what the cipher has made of it
     */
    record Chain(Cipher cipher, Digest digest, boolean digestFirst) implements SessionParameters {
        @Override
        public void wipe() {
            cipher.wipe();
            digest.wipe();
        }
    }

    /** Encrypts and authenticates, or the other way round. */
    record Aead(AeadAlgorithm algorithm, CryptoKey key, int tagBytes, boolean encrypt) implements SessionParameters {
        @Override
        public void wipe() {
            key.close();
        }
    }

    /**
     * RSA.
     *
     * @param hash what made the digests that are signed, null if they are not to be named in signatures
     * @param key in DER: RSAPublicKey or RSAPrivateKey of RFC 8017
     */
    record Rsa(RsaPadding padding, @Nullable HashAlgorithm hash, boolean privateKey, CryptoKey key)
            implements SessionParameters {
        @Override
        public void wipe() {
            key.close();
        }
    }

    /**
     * ECDSA.
     *
     * @param key a private key: ECPrivateKey of RFC 5915 in DER, or the number alone; a public key: the uncompressed point, or
     *     SubjectPublicKeyInfo in DER
     */
    record Ecdsa(EllipticCurve curve, boolean privateKey, CryptoKey key) implements SessionParameters {
        @Override
        public void wipe() {
            key.close();
        }
    }
}
