// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.IllegalBlockSizeException;
import javax.crypto.spec.IvParameterSpec;

/**
 * Message authentication codes that are the last block of a cipher in CBC mode: CMAC (NIST SP 800-38B), XCBC (RFC 3566), and CBC-MAC
 * itself, for data of whole blocks.
 */
final class BlockMacEngine extends DigestEngine {
    /** What happens to the last block before it is encrypted. */
    enum Kind {
        CMAC,
        XCBC,
        CBC
    }

    private static final int CHUNK = 4096;

    private final Kind kind;
    private final Cipher cbc;
    private final RawKey key;
    private final int block;
    private final IvParameterSpec zero;
    /** What is added to a last block that is whole, and to one that was filled up. */
    private final byte[] whole;

    private final byte[] filled;
    private final byte[] pending;
    private final byte[] scratch = new byte[CHUNK];
    private int pendingBytes;

    /**
     * A code.
     *
     * @param cbc without padding
     * @param block bytes of a block
     */
    BlockMacEngine(Kind kind, Cipher cbc, RawKey key, int block) throws GeneralSecurityException {
        this.kind = kind;
        this.cbc = cbc;
        this.block = block;
        zero = new IvParameterSpec(new byte[block]);
        whole = new byte[block];
        filled = new byte[block];
        pending = new byte[block];
        cbc.init(Cipher.ENCRYPT_MODE, key, zero);
        if (kind == Kind.XCBC) {
            byte[] first = constant(1);
            constant(2, whole);
            constant(3, filled);
            key.destroy();
            this.key = new RawKey(key.getAlgorithm(), first);
            cbc.init(Cipher.ENCRYPT_MODE, this.key, zero);
        } else {
            this.key = key;
            if (kind == Kind.CMAC) {
                constant(0, whole);
                twice(whole, whole);
                twice(whole, filled);
            }
        }
    }

    private byte[] constant(int value) throws GeneralSecurityException {
        byte[] made = new byte[block];
        constant(value, made);
        return made;
    }

    /** A block of equal bytes, encrypted. */
    private void constant(int value, byte[] to) throws GeneralSecurityException {
        Arrays.fill(pending, (byte) value);
        cbc.doFinal(pending, 0, block, to, 0);
    }

    /** Multiplies by x in the field of 64 or 128 bits. */
    private static void twice(byte[] from, byte[] to) {
        int carry = (from[0] >> 7 & 1) == 0 ? 0 : from.length == Long.BYTES ? 0x1B : 0x87;
        for (int i = 0; i < from.length; i++) {
            int next = i + 1 < from.length ? from[i + 1] >> 7 & 1 : 0;
            to[i] = (byte) (from[i] << 1 | next);
        }
        to[to.length - 1] ^= (byte) carry;
    }

    @Override
    int length() {
        return block;
    }

    @Override
    void start() throws GeneralSecurityException {
        cbc.init(Cipher.ENCRYPT_MODE, key, zero);
        pendingBytes = 0;
    }

    @Override
    void update(byte[] from, int at, int bytes) throws GeneralSecurityException {
        int done = 0;
        while (done < bytes) {
            if (pendingBytes == block) {
                cbc.update(pending, 0, block, scratch, 0);
                pendingBytes = 0;
            }
            if (pendingBytes == 0) {
                // the last block stays here, whole or not
                int direct = Math.min(CHUNK, (bytes - done - 1) / block * block);
                cbc.update(from, at + done, direct, scratch, 0);
                done += direct;
            }
            int piece = Math.min(block - pendingBytes, bytes - done);
            System.arraycopy(from, at + done, pending, pendingBytes, piece);
            pendingBytes += piece;
            done += piece;
        }
    }

    @Override
    void finish(byte[] to, int at, int bytes) throws GeneralSecurityException {
        if (kind == Kind.CBC && pendingBytes != block) {
            throw new IllegalBlockSizeException("CBC-MAC is of whole blocks");
        }
        byte[] mask = whole;
        if (pendingBytes < block) {
            mask = filled;
            pending[pendingBytes] = (byte) 0x80;
            Arrays.fill(pending, pendingBytes + 1, block, (byte) 0);
        }
        for (int i = 0; i < block; i++) {
            pending[i] ^= mask[i];
        }
        cbc.doFinal(pending, 0, block, scratch, 0);
        System.arraycopy(scratch, 0, to, at, bytes);
    }

    @Override
    void wipe() {
        Wiping.of(cbc, Cipher.ENCRYPT_MODE, key, block);
        key.destroy();
        Arrays.fill(whole, (byte) 0);
        Arrays.fill(filled, (byte) 0);
        Arrays.fill(pending, (byte) 0);
        Arrays.fill(scratch, (byte) 0);
    }
}
