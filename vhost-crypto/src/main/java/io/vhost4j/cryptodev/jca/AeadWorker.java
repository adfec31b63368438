// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import org.jspecify.annotations.Nullable;

/** AES-GCM and ChaCha20-Poly1305 of a provider's. */
final class AeadWorker extends Worker {
    private static final int NONCE = 12;
    private static final int BLOCK = 16;
    /** The first counter behind a nonce of 12 bytes. */
    private static final byte[] FIRST_COUNTER = {0, 0, 0, 1};

    private final Algorithms algorithms;
    private final String name;
    private final RawKey key;
    private final boolean gcm;
    private final boolean encrypt;
    private final int tagBytes;
    private Cipher cipher;
    private @Nullable GcmByCounter byCounter;
    private int written;

    AeadWorker(Algorithms algorithms, boolean gcm, RawKey key, boolean encrypt, int tagBytes)
            throws GeneralSecurityException {
        this.algorithms = algorithms;
        this.gcm = gcm;
        name = gcm ? "AES/GCM/NoPadding" : "ChaCha20-Poly1305";
        this.key = key;
        this.encrypt = encrypt;
        this.tagBytes = tagBytes;
        cipher = algorithms.cipher(name);
        start(new byte[NONCE], 0, NONCE);
    }

    @Override
    CryptoStatus run(CryptoRequest request) throws GeneralSecurityException {
        if (gcm && request.ivBytes() == BLOCK && !isNonce(request)) {
            written = byCounter().run(request);
            return CryptoStatus.OK;
        }
        start(request.input(), request.ivAt(), nonceBytes(request));
        cipher.updateAAD(request.input(), request.aadAt(), request.aadBytes());
        written = cipher.doFinal(request.input(), request.sourceAt(), request.sourceBytes(), request.output(), 0);
        return CryptoStatus.OK;
    }

    /** 16 bytes are the first block of the counter (virtio 1.2 §5.9.7.7): most often what is made of a nonce of 12. */
    private static boolean isNonce(CryptoRequest request) {
        int at = request.ivAt() + NONCE;
        return Arrays.equals(request.input(), at, at + FIRST_COUNTER.length, FIRST_COUNTER, 0, FIRST_COUNTER.length);
    }

    private int nonceBytes(CryptoRequest request) throws InvalidAlgorithmParameterException {
        int bytes = request.ivBytes();
        if (bytes != NONCE && !(gcm && bytes == BLOCK)) {
            throw new InvalidAlgorithmParameterException("nonce of " + bytes + " bytes: must have " + NONCE);
        }
        return NONCE;
    }

    private GcmByCounter byCounter() throws GeneralSecurityException {
        GcmByCounter made = byCounter;
        if (made == null) {
            made = new GcmByCounter(
                    algorithms.cipher("AES/ECB/NoPadding"),
                    algorithms.cipher("AES/CTR/NoPadding"),
                    key,
                    encrypt,
                    tagBytes);
            byCounter = made;
        }
        return made;
    }

    private void start(byte[] nonce, int at, int bytes) throws GeneralSecurityException {
        AlgorithmParameterSpec parameters = gcm
                ? new GCMParameterSpec(Byte.SIZE * tagBytes, nonce, at, bytes)
                : new IvParameterSpec(nonce, at, bytes);
        int mode = encrypt ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE;
        try {
            cipher.init(mode, key, parameters);
        } catch (GeneralSecurityException e) {
            // the implementations refuse a nonce twice; whether to use it twice is the guest's to decide
            cipher = algorithms.cipher(name);
            cipher.init(mode, key, parameters);
        }
    }

    @Override
    int written() {
        return written;
    }

    @Override
    void wipe() {
        try {
            AlgorithmParameterSpec parameters = gcm
                    ? new GCMParameterSpec(Byte.SIZE * tagBytes, new byte[NONCE])
                    : new IvParameterSpec(new byte[NONCE]);
            cipher.init(Cipher.DECRYPT_MODE, key.zeros(), parameters);
        } catch (GeneralSecurityException | RuntimeException e) {
            // it keeps its own until it is collected: there is no other way to reach it
            assert e != null;
        }
        GcmByCounter made = byCounter;
        if (made != null) {
            made.wipe();
        }
        key.destroy();
    }
}
