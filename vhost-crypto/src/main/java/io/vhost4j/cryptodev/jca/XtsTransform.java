// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.IllegalBlockSizeException;

/**
 * AES-XTS (IEEE Std 1619-2007), which providers do not have: the blocks of a request are encrypted all at once, by the provider's AES without a
 * mode, between two additions of the tweaks.
 */
final class XtsTransform extends Transform {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int BLOCK = 16;
    /** What x to the power of 128 is in the field. */
    private static final long REDUCTION = 0x87;

    private final Cipher data;
    private final Cipher tweak;
    private final RawKey dataKey;
    private final RawKey tweakKey;
    private final int mode;
    private final byte[] last = new byte[BLOCK];
    private byte[] work = {};
    private byte[] tweaks = {};

    XtsTransform(Cipher data, Cipher tweak, byte[] key, boolean encrypt) throws GeneralSecurityException {
        this.data = data;
        this.tweak = tweak;
        int half = key.length / 2;
        dataKey = RawKey.copyOf("AES", key, 0, half);
        tweakKey = RawKey.copyOf("AES", key, half, half);
        mode = encrypt ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE;
        data.init(mode, dataKey);
        tweak.init(Cipher.ENCRYPT_MODE, tweakKey);
    }

    @Override
    void apply(byte[] iv, int ivAt, int ivBytes, byte[] from, int at, int bytes, byte[] to, int toAt)
            throws GeneralSecurityException {
        if (ivBytes != BLOCK) {
            throw new InvalidAlgorithmParameterException("tweak of " + ivBytes + " bytes: must have " + BLOCK);
        }
        if (bytes < BLOCK) {
            throw new IllegalBlockSizeException(bytes + " bytes: must be " + BLOCK + " or more");
        }
        int rest = bytes % BLOCK;
        int whole = bytes - rest;
        makeTweaks(iv, ivAt, whole + (rest == 0 ? 0 : BLOCK));
        if (rest == 0) {
            blocks(from, at, whole, to, toAt, 0);
        } else if (mode == Cipher.ENCRYPT_MODE) {
            blocks(from, at, whole, to, toAt, 0);
            stealing(from, at + whole, rest, to, toAt + whole - BLOCK, whole);
        } else {
            blocks(from, at, whole - BLOCK, to, toAt, 0);
            // the block before the last, with the tweak of the last
            blocks(from, at + whole - BLOCK, BLOCK, to, toAt + whole - BLOCK, whole);
            stealing(from, at + whole, rest, to, toAt + whole - BLOCK, whole - BLOCK);
        }
    }

    /** The short end: its bytes and the end of the block made before form a block, which changes places with that one. */
    private void stealing(byte[] from, int at, int rest, byte[] to, int blockAt, int tweakAt)
            throws GeneralSecurityException {
        System.arraycopy(from, at, last, 0, rest);
        System.arraycopy(to, blockAt + rest, last, rest, BLOCK - rest);
        System.arraycopy(to, blockAt, to, blockAt + BLOCK, rest);
        blocks(last, 0, BLOCK, to, blockAt, tweakAt);
    }

    private void makeTweaks(byte[] iv, int ivAt, int bytes) throws GeneralSecurityException {
        if (tweaks.length < bytes) {
            tweaks = new byte[bytes];
            work = new byte[bytes];
        }
        tweak.doFinal(iv, ivAt, BLOCK, tweaks, 0);
        long low = (long) LONG.get(tweaks, 0);
        long high = (long) LONG.get(tweaks, Long.BYTES);
        for (int i = BLOCK; i < bytes; i += BLOCK) {
            long carry = high >> 63 & REDUCTION;
            high = high << 1 | low >>> 63;
            low = low << 1 ^ carry;
            LONG.set(tweaks, i, low);
            LONG.set(tweaks, i + Long.BYTES, high);
        }
    }

    private void blocks(byte[] from, int at, int bytes, byte[] to, int toAt, int tweakAt)
            throws GeneralSecurityException {
        for (int i = 0; i < bytes; i += Long.BYTES) {
            LONG.set(work, i, (long) LONG.get(from, at + i) ^ (long) LONG.get(tweaks, tweakAt + i));
        }
        data.doFinal(work, 0, bytes, to, toAt);
        for (int i = 0; i < bytes; i += Long.BYTES) {
            LONG.set(to, toAt + i, (long) LONG.get(to, toAt + i) ^ (long) LONG.get(tweaks, tweakAt + i));
        }
    }

    @Override
    void wipe() {
        Wiping.of(data, mode, dataKey, 0);
        Wiping.of(tweak, Cipher.ENCRYPT_MODE, tweakKey, 0);
        dataKey.destroy();
        tweakKey.destroy();
        Arrays.fill(work, (byte) 0);
        Arrays.fill(tweaks, (byte) 0);
    }
}
