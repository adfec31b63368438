// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.crypto.AeadAlgorithm;
import io.vhost4j.crypto.AsymmetricAlgorithm;
import io.vhost4j.crypto.CipherAlgorithm;
import io.vhost4j.crypto.CryptoException;
import io.vhost4j.crypto.CryptoKey;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.EllipticCurve;
import io.vhost4j.crypto.HashAlgorithm;
import io.vhost4j.crypto.MacAlgorithm;
import io.vhost4j.crypto.RsaPadding;
import io.vhost4j.crypto.SessionParameters;
import org.jspecify.annotations.Nullable;

/** Sessions' parameters out of the numbers of a message. Whoever made the keys wipes them if a method throws. */
final class Parameters {
    private Parameters() {}

    static SessionParameters.Cipher cipher(int algorithm, CryptoKey key, int direction) {
        CipherAlgorithm found = CipherAlgorithm.of(algorithm);
        if (found == null) {
            throw refuse(CryptoStatus.NOTSUPP, "cipher " + algorithm);
        }
        return new SessionParameters.Cipher(found, key, encrypts(direction));
    }

    static SessionParameters.Hash hash(int algorithm, int resultBytes) {
        HashAlgorithm found = HashAlgorithm.of(algorithm);
        if (found == null) {
            throw new CryptoException(CryptoStatus.NOTSUPP, "hash " + algorithm);
        }
        return new SessionParameters.Hash(found, resultBytes);
    }

    static SessionParameters.Mac mac(int algorithm, CryptoKey key, int resultBytes) {
        MacAlgorithm found = MacAlgorithm.of(algorithm);
        if (found == null) {
            throw refuse(CryptoStatus.NOTSUPP, "message authentication code " + algorithm);
        }
        return new SessionParameters.Mac(found, key, resultBytes);
    }

    static SessionParameters.Digest digest(int mode, int algorithm, CryptoKey key, int resultBytes) {
        if (mode == CryptoLayout.HASH_MODE_AUTH) {
            return mac(algorithm, key, resultBytes);
        }
        if (mode != CryptoLayout.HASH_MODE_PLAIN) {
            throw refuse(CryptoStatus.NOTSUPP, "hash mode " + mode);
        }
        key.close();
        return hash(algorithm, resultBytes);
    }

    static SessionParameters.Chain chain(int order, SessionParameters.Cipher cipher, SessionParameters.Digest digest) {
        if (order != CryptoLayout.ORDER_HASH_THEN_CIPHER && order != CryptoLayout.ORDER_CIPHER_THEN_HASH) {
            throw new CryptoException(CryptoStatus.NOTSUPP, "order of a chain " + order);
        }
        return new SessionParameters.Chain(cipher, digest, order == CryptoLayout.ORDER_HASH_THEN_CIPHER);
    }

    static SessionParameters.Aead aead(int algorithm, CryptoKey key, int tagBytes, int direction) {
        AeadAlgorithm found = AeadAlgorithm.of(algorithm);
        if (found == null) {
            throw refuse(CryptoStatus.NOTSUPP, "authenticated encryption " + algorithm);
        }
        if (tagBytes < 0) {
            throw refuse(CryptoStatus.ERR, "tag of " + Integer.toUnsignedString(tagBytes) + " bytes");
        }
        return new SessionParameters.Aead(found, key, tagBytes, encrypts(direction));
    }

    /** What is special to an algorithm is in the last two numbers: RSA's padding and hash, or a curve. */
    static SessionParameters asymmetric(int algorithm, int keyType, CryptoKey key, int first, int second) {
        AsymmetricAlgorithm found = AsymmetricAlgorithm.of(algorithm);
        if (found == null) {
            throw refuse(CryptoStatus.NOTSUPP, "asymmetric algorithm " + algorithm);
        }
        if (keyType != CryptoLayout.KEY_PUBLIC && keyType != CryptoLayout.KEY_PRIVATE) {
            throw refuse(CryptoStatus.ERR, "type of key " + keyType);
        }
        boolean isPrivate = keyType == CryptoLayout.KEY_PRIVATE;
        return switch (found) {
            case RSA -> rsa(key, isPrivate, first, second);
            case ECDSA -> ecdsa(key, isPrivate, first);
        };
    }

    private static SessionParameters rsa(CryptoKey key, boolean isPrivate, int padding, int hash) {
        RsaPadding found = RsaPadding.of(padding);
        if (found == null) {
            throw refuse(CryptoStatus.NOTSUPP, "padding of RSA " + padding);
        }
        HashAlgorithm named = null;
        if (found == RsaPadding.PKCS1 && hash != 0) {
            named = rsaHash(hash);
            if (named == null) {
                throw refuse(CryptoStatus.NOTSUPP, "hash of RSA " + hash);
            }
        }
        return new SessionParameters.Rsa(found, named, isPrivate, key);
    }

    /** {@code VIRTIO_CRYPTO_RSA_*}: hashes have other numbers here. */
    private static @Nullable HashAlgorithm rsaHash(int code) {
        return switch (code) {
            case 4 -> HashAlgorithm.MD5;
            case 5 -> HashAlgorithm.SHA1;
            case 6 -> HashAlgorithm.SHA256;
            case 7 -> HashAlgorithm.SHA384;
            case 8 -> HashAlgorithm.SHA512;
            case 9 -> HashAlgorithm.SHA224;
            default -> null;
        };
    }

    private static SessionParameters ecdsa(CryptoKey key, boolean isPrivate, int curve) {
        EllipticCurve found = EllipticCurve.of(curve);
        if (found == null) {
            throw refuse(CryptoStatus.NOTSUPP, "curve " + curve);
        }
        return new SessionParameters.Ecdsa(found, isPrivate, key);
    }

    private static boolean encrypts(int direction) {
        if (direction != CryptoLayout.OP_ENCRYPT && direction != CryptoLayout.OP_DECRYPT) {
            throw refuse(CryptoStatus.NOTSUPP, "direction " + direction);
        }
        return direction == CryptoLayout.OP_ENCRYPT;
    }

    private static CryptoException refuse(CryptoStatus status, String what) {
        return new CryptoException(status, what + ": there is no such one");
    }
}
