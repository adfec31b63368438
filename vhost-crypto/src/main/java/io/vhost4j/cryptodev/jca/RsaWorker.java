// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.HashAlgorithm;
import io.vhost4j.crypto.RsaPadding;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import org.jspecify.annotations.Nullable;

/** RSA, raw or with the padding of PKCS #1 v1.5. */
final class RsaWorker extends Worker {
    private final Cipher cipher;
    private final RsaKeys keys;
    private final boolean raw;
    /** What stands before a digest in a signature: the beginning of a DigestInfo. */
    private final byte[] prefix;

    private final int digestBytes;
    private int written;

    RsaWorker(Cipher cipher, RsaKeys keys, RsaPadding padding, @Nullable HashAlgorithm hash) {
        this.cipher = cipher;
        this.keys = keys;
        raw = padding == RsaPadding.RAW;
        prefix = hash == null ? new byte[0] : prefix(hash);
        digestBytes = hash == null ? 0 : hash.digestBytes();
    }

    /** RFC 8017 §9.2, note 1. */
    private static byte[] prefix(HashAlgorithm hash) {
        return HexFormat.of()
                .parseHex(
                        switch (hash) {
                            case MD5 -> "3020300c06082a864886f70d020505000410";
                            case SHA1 -> "3021300906052b0e03021a05000414";
                            case SHA224 -> "302d300d06096086480165030402040500041c";
                            case SHA256 -> "3031300d060960864801650304020105000420";
                            case SHA384 -> "3041300d060960864801650304020205000430";
                            case SHA512 -> "3051300d060960864801650304020305000440";
                            default -> throw new IllegalArgumentException(hash + " in a signature of RSA");
                        });
    }

    @Override
    CryptoStatus run(CryptoRequest request) throws GeneralSecurityException {
        return switch (request.operation()) {
            case ASYMMETRIC_ENCRYPT -> process(request, Cipher.ENCRYPT_MODE, keys.publicKey());
            case ASYMMETRIC_DECRYPT -> process(request, Cipher.DECRYPT_MODE, privateKey());
            case SIGN -> raw ? CryptoStatus.NOTSUPP : sign(request);
            case VERIFY -> raw ? CryptoStatus.NOTSUPP : verify(request);
            default -> CryptoStatus.NOTSUPP;
        };
    }

    private Key privateKey() throws InvalidKeyException {
        Key key = keys.privateKey();
        if (key == null) {
            throw new InvalidKeyException("the session has a public key");
        }
        return key;
    }

    private CryptoStatus process(CryptoRequest request, int mode, Key key) throws GeneralSecurityException {
        cipher.init(mode, key);
        return store(request, cipher.doFinal(request.input(), request.sourceAt(), request.sourceBytes()));
    }

    private CryptoStatus sign(CryptoRequest request) throws GeneralSecurityException {
        if (digestBytes != 0 && request.sourceBytes() != digestBytes) {
            return CryptoStatus.ERR;
        }
        cipher.init(Cipher.ENCRYPT_MODE, privateKey());
        cipher.update(prefix);
        return store(request, cipher.doFinal(request.input(), request.sourceAt(), request.sourceBytes()));
    }

    private CryptoStatus verify(CryptoRequest request) throws GeneralSecurityException {
        if (request.sourceBytes() != keys.bytes()) {
            return CryptoStatus.KEY_REJECTED;
        }
        cipher.init(Cipher.DECRYPT_MODE, keys.publicKey());
        byte[] found;
        try {
            found = cipher.doFinal(request.input(), request.sourceAt(), request.sourceBytes());
        } catch (BadPaddingException e) {
            return CryptoStatus.KEY_REJECTED;
        }
        int at = request.expectedAt();
        boolean same = found.length == prefix.length + request.expectedBytes()
                && Arrays.equals(found, 0, prefix.length, prefix, 0, prefix.length)
                && Arrays.equals(found, prefix.length, found.length, request.input(), at, at + request.expectedBytes());
        written = 0;
        return same ? CryptoStatus.OK : CryptoStatus.KEY_REJECTED;
    }

    private CryptoStatus store(CryptoRequest request, byte[] result) {
        written = result.length;
        if (written > request.destinationBytes()) {
            return CryptoStatus.ERR;
        }
        System.arraycopy(result, 0, request.output(), 0, written);
        Arrays.fill(result, (byte) 0);
        return CryptoStatus.OK;
    }

    @Override
    int written() {
        return written;
    }

    @Override
    void wipe() {
        // the numbers of RSA keys are of immutable classes: they go when they are collected
    }
}
