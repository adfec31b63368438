// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.AeadAlgorithm;
import io.vhost4j.crypto.CipherAlgorithm;
import io.vhost4j.crypto.CryptoKey;
import io.vhost4j.crypto.HashAlgorithm;
import io.vhost4j.crypto.MacAlgorithm;
import io.vhost4j.crypto.RsaPadding;
import io.vhost4j.crypto.SessionParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;

/** Makes workers for sessions' parameters; what there is no implementation of throws {@link NoSuchAlgorithmException}. */
final class Factories {
    private static final int AES_BLOCK = 16;
    private static final int DES_BLOCK = 8;
    private static final int DES_KEY = 8;

    private final Algorithms algorithms;

    Factories(Algorithms algorithms) {
        this.algorithms = algorithms;
    }

    Worker worker(SessionParameters parameters) throws GeneralSecurityException {
        return switch (parameters) {
            case SessionParameters.Cipher cipher -> new CipherWorker(transform(cipher));
            case SessionParameters.Digest digest -> new DigestWorker(engine(digest));
            case SessionParameters.Chain chain ->
                new ChainWorker(transform(chain.cipher()), engine(chain.digest()), chain.digestFirst());
            case SessionParameters.Aead aead -> aead(aead);
            case SessionParameters.Rsa rsa -> rsa(rsa);
            case SessionParameters.Ecdsa ecdsa -> ecdsa(ecdsa);
        };
    }

    private static NoSuchAlgorithmException none(Object algorithm) {
        return new NoSuchAlgorithmException(algorithm + ": there is no implementation");
    }

    private static RawKey key(String name, CryptoKey key) {
        return RawKey.copyOf(name, key.bytes(), 0, key.length());
    }

    Transform transform(SessionParameters.Cipher cipher) throws GeneralSecurityException {
        CryptoKey key = cipher.key();
        boolean encrypt = cipher.encrypt();
        return switch (cipher.algorithm()) {
            case ARC4 -> new JcaTransform(algorithms.cipher("ARCFOUR"), key("ARCFOUR", key), encrypt, 0);
            case AES_ECB -> aes("AES/ECB/NoPadding", key, encrypt, 0);
            case AES_CBC -> aes("AES/CBC/NoPadding", key, encrypt, AES_BLOCK);
            case AES_CTR -> aes("AES/CTR/NoPadding", key, encrypt, AES_BLOCK);
            case AES_XTS -> xts(key, encrypt);
            case DES_ECB -> des("DES/ECB/NoPadding", key, encrypt, 0);
            case DES_CBC -> des("DES/CBC/NoPadding", key, encrypt, DES_BLOCK);
            case TRIPLE_DES_ECB -> des("DESede/ECB/NoPadding", key, encrypt, 0);
            case TRIPLE_DES_CBC -> des("DESede/CBC/NoPadding", key, encrypt, DES_BLOCK);
            case TRIPLE_DES_CTR -> des("DESede/CTR/NoPadding", key, encrypt, DES_BLOCK);
            case KASUMI_F8, SNOW3G_UEA2, AES_F8, ZUC_EEA3 -> throw none(cipher.algorithm());
        };
    }

    private Transform aes(String name, CryptoKey key, boolean encrypt, int ivBytes) throws GeneralSecurityException {
        return new JcaTransform(algorithms.cipher(name), key("AES", key), encrypt, ivBytes);
    }

    private Transform des(String name, CryptoKey key, boolean encrypt, int ivBytes) throws GeneralSecurityException {
        boolean triple = name.startsWith("DESede");
        return new JcaTransform(
                algorithms.cipher(name), triple ? tripleDesKey(key) : key("DES", key), encrypt, ivBytes);
    }

    /** Of three keys, or of two, the first of which comes again. */
    private static RawKey tripleDesKey(CryptoKey key) {
        if (key.length() != 2 * DES_KEY) {
            return key("DESede", key);
        }
        byte[] three = new byte[3 * DES_KEY];
        System.arraycopy(key.bytes(), 0, three, 0, 2 * DES_KEY);
        System.arraycopy(key.bytes(), 0, three, 2 * DES_KEY, DES_KEY);
        return new RawKey("DESede", three);
    }

    private Transform xts(CryptoKey key, boolean encrypt) throws GeneralSecurityException {
        if (key.length() % 2 != 0) {
            throw new InvalidKeyException("key of " + key.length() + " bytes for AES-XTS: must be two of AES");
        }
        String name = "AES/ECB/NoPadding";
        return new XtsTransform(algorithms.cipher(name), algorithms.cipher(name), key.bytes(), encrypt);
    }

    DigestEngine engine(SessionParameters.Digest digest) throws GeneralSecurityException {
        return switch (digest) {
            case SessionParameters.Hash hash -> new HashEngine(algorithms.digest(hashName(hash.algorithm())));
            case SessionParameters.Mac mac -> mac(mac.algorithm(), mac.key());
        };
    }

    private static String hashName(HashAlgorithm hash) throws NoSuchAlgorithmException {
        return switch (hash) {
            case MD5 -> "MD5";
            case SHA1 -> "SHA-1";
            case SHA224 -> "SHA-224";
            case SHA256 -> "SHA-256";
            case SHA384 -> "SHA-384";
            case SHA512 -> "SHA-512";
            case SHA3_224 -> "SHA3-224";
            case SHA3_256 -> "SHA3-256";
            case SHA3_384 -> "SHA3-384";
            case SHA3_512 -> "SHA3-512";
            case SHAKE128, SHAKE256 -> throw none(hash);
        };
    }

    private DigestEngine mac(MacAlgorithm mac, CryptoKey key) throws GeneralSecurityException {
        return switch (mac) {
            case HMAC_MD5 -> hmac("HmacMD5", key);
            case HMAC_SHA1 -> hmac("HmacSHA1", key);
            case HMAC_SHA224 -> hmac("HmacSHA224", key);
            case HMAC_SHA256 -> hmac("HmacSHA256", key);
            case HMAC_SHA384 -> hmac("HmacSHA384", key);
            case HMAC_SHA512 -> hmac("HmacSHA512", key);
            case CMAC_AES -> aesMac(BlockMacEngine.Kind.CMAC, key);
            case XCBC_AES -> aesMac(BlockMacEngine.Kind.XCBC, key);
            case CBCMAC_AES -> aesMac(BlockMacEngine.Kind.CBC, key);
            case CMAC_3DES ->
                new BlockMacEngine(
                        BlockMacEngine.Kind.CMAC,
                        algorithms.cipher("DESede/CBC/NoPadding"),
                        tripleDesKey(key),
                        DES_BLOCK);
            // GMAC needs a nonce, for which a request has no room
            case KASUMI_F9, SNOW3G_UIA2, GMAC_AES, GMAC_TWOFISH, CBCMAC_KASUMI_F9, ZUC_EIA3 -> throw none(mac);
        };
    }

    private DigestEngine hmac(String name, CryptoKey key) throws GeneralSecurityException {
        return new HmacEngine(algorithms.mac(name), key(name, key));
    }

    private BlockMacEngine aesMac(BlockMacEngine.Kind kind, CryptoKey key) throws GeneralSecurityException {
        if (kind == BlockMacEngine.Kind.XCBC && key.length() != AES_BLOCK) {
            throw new InvalidKeyException("key of " + key.length() + " bytes for AES-XCBC: must have " + AES_BLOCK);
        }
        return new BlockMacEngine(kind, algorithms.cipher("AES/CBC/NoPadding"), key("AES", key), AES_BLOCK);
    }

    private Worker aead(SessionParameters.Aead aead) throws GeneralSecurityException {
        int tag = aead.tagBytes();
        CryptoKey key = aead.key();
        boolean possible = tag <= AES_BLOCK
                && switch (aead.algorithm()) {
                    case AES_GCM -> tag >= 12;
                    case AES_CCM -> tag >= 4 && tag % 2 == 0;
                    case CHACHA20_POLY1305 -> tag == AES_BLOCK;
                };
        if (!possible) {
            throw none(aead.algorithm() + " with a tag of " + tag + " bytes");
        }
        if (aead.algorithm() != AeadAlgorithm.AES_CCM) {
            boolean gcm = aead.algorithm() == AeadAlgorithm.AES_GCM;
            return new AeadWorker(algorithms, gcm, key(gcm ? "AES" : "ChaCha20", key), aead.encrypt(), tag);
        }
        return new CcmWorker(
                algorithms.cipher("AES/CTR/NoPadding"),
                aesMac(BlockMacEngine.Kind.CBC, key),
                key("AES", key),
                aead.encrypt(),
                tag);
    }

    private Worker rsa(SessionParameters.Rsa rsa) throws GeneralSecurityException {
        String name = rsa.padding() == RsaPadding.RAW ? "RSA/ECB/NoPadding" : "RSA/ECB/PKCS1Padding";
        return new RsaWorker(
                algorithms.cipher(name), RsaKeys.of(algorithms.keys("RSA"), rsa), rsa.padding(), rsa.hash());
    }

    private Worker ecdsa(SessionParameters.Ecdsa ecdsa) throws GeneralSecurityException {
        if (EcdsaKeys.nameOf(ecdsa.curve()) == null) {
            throw none(ecdsa.curve());
        }
        return new EcdsaWorker(algorithms.signature("NONEwithECDSA"), EcdsaKeys.of(algorithms.keys("EC"), ecdsa));
    }

    /** A key that an algorithm takes, to see whether there is one. */
    static CryptoKey trialKey(CipherAlgorithm algorithm) {
        return switch (algorithm) {
            case AES_XTS -> trial(32);
            case TRIPLE_DES_ECB, TRIPLE_DES_CBC, TRIPLE_DES_CTR -> trial(24);
            case DES_ECB, DES_CBC -> trial(8);
            default -> trial(16);
        };
    }

    /** Not all zero: the halves of a key may have to differ. */
    static CryptoKey trial(int bytes) {
        byte[] key = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            key[i] = (byte) (2 * i + 1);
        }
        return CryptoKey.copyOf(key, 0, bytes);
    }
}
