// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.CryptoRequest;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;

/**
 * AES-GCM from a first counter block on (J0 of NIST SP 800-38D) instead of a nonce, which providers do not take. Made of AES in counter mode, and much
 * slower than a provider's.
 */
final class GcmByCounter {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final int BLOCK = 16;
    private static final int COUNTER_AT = 12;
    private static final long COUNTERS = 1L << Integer.SIZE;

    private final Cipher block;
    private final Cipher counter;
    private final RawKey key;
    private final boolean encrypt;
    private final int tagBytes;
    private final byte[] hashKey = new byte[BLOCK];
    private final byte[] first = new byte[BLOCK];
    private final byte[] mask = new byte[BLOCK];
    private final byte[] tag = new byte[BLOCK];

    /**
     * With a key that stays the caller's.
     *
     * @param block AES without a mode
     * @param counter AES in counter mode
     */
    GcmByCounter(Cipher block, Cipher counter, RawKey key, boolean encrypt, int tagBytes)
            throws GeneralSecurityException {
        this.block = block;
        this.counter = counter;
        this.key = key;
        this.encrypt = encrypt;
        this.tagBytes = tagBytes;
        block.init(Cipher.ENCRYPT_MODE, key);
        block.doFinal(new byte[BLOCK], 0, BLOCK, hashKey, 0);
    }

    /** Does what a request asks for; returns the bytes made. */
    int run(CryptoRequest request) throws GeneralSecurityException {
        byte[] input = request.input();
        byte[] output = request.output();
        int at = request.sourceAt();
        int bytes = encrypt ? request.sourceBytes() : request.sourceBytes() - tagBytes;
        System.arraycopy(input, request.ivAt(), first, 0, BLOCK);
        block.doFinal(first, 0, BLOCK, mask, 0);
        if (encrypt) {
            process(input, at, bytes, output);
            makeTag(request, output, 0, bytes);
            System.arraycopy(tag, 0, output, bytes, tagBytes);
            return bytes + tagBytes;
        }
        makeTag(request, input, at, bytes);
        int difference = 0;
        for (int i = 0; i < tagBytes; i++) {
            difference |= tag[i] ^ input[at + bytes + i];
        }
        if (difference != 0) {
            throw new AEADBadTagException("tag mismatch");
        }
        process(input, at, bytes, output);
        return bytes;
    }

    /** The counter has 32 bits and begins anew behind the last, which that of counter mode does not. */
    private void process(byte[] from, int at, int bytes, byte[] to) throws GeneralSecurityException {
        long start = Integer.toUnsignedLong((int) INT.get(first, COUNTER_AT)) + 1;
        int piece = (int) Math.min(bytes, (COUNTERS - start) * BLOCK);
        crypt((int) start, from, at, piece, to, 0);
        crypt(0, from, at + piece, bytes - piece, to, piece);
    }

    private void crypt(int start, byte[] from, int at, int bytes, byte[] to, int toAt) throws GeneralSecurityException {
        if (bytes > 0) {
            INT.set(first, COUNTER_AT, start);
            counter.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(first));
            counter.doFinal(from, at, bytes, to, toAt);
        }
    }

    private void makeTag(CryptoRequest request, byte[] cipherText, int at, int bytes) {
        Ghash hash = new Ghash(hashKey);
        hash.update(request.input(), request.aadAt(), request.aadBytes());
        hash.update(cipherText, at, bytes);
        hash.add((long) request.aadBytes() * Byte.SIZE, (long) bytes * Byte.SIZE);
        hash.store(tag);
        for (int i = 0; i < BLOCK; i++) {
            tag[i] ^= mask[i];
        }
    }

    void wipe() {
        Wiping.of(block, Cipher.ENCRYPT_MODE, key, 0);
        Wiping.of(counter, Cipher.ENCRYPT_MODE, key, BLOCK);
        Arrays.fill(hashKey, (byte) 0);
        Arrays.fill(mask, (byte) 0);
    }
}
