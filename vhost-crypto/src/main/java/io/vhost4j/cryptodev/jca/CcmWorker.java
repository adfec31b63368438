// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;

/** AES-CCM (NIST SP 800-38C, RFC 3610), which providers do not have, out of AES in counter mode and a CBC-MAC. */
final class CcmWorker extends Worker {
    private static final int BLOCK = 16;
    private static final int SHORT_AAD = 0xFF00;
    private static final int FLAG_AAD = 0x40;
    private static final byte[] ZEROS = new byte[BLOCK];

    private final Cipher counter;
    private final BlockMacEngine mac;
    private final RawKey key;
    private final boolean encrypt;
    private final int tagBytes;
    private final byte[] first = new byte[BLOCK];
    private final byte[] stream = new byte[BLOCK];
    private final byte[] tag = new byte[BLOCK];
    private int written;

    CcmWorker(Cipher counter, BlockMacEngine mac, RawKey key, boolean encrypt, int tagBytes) {
        this.counter = counter;
        this.mac = mac;
        this.key = key;
        this.encrypt = encrypt;
        this.tagBytes = tagBytes;
    }

    @Override
    CryptoStatus run(CryptoRequest request) throws GeneralSecurityException {
        int bytes = encrypt ? request.sourceBytes() : request.sourceBytes() - tagBytes;
        startCounter(request, bytes);
        byte[] input = request.input();
        byte[] output = request.output();
        int at = request.sourceAt();
        if (encrypt) {
            authenticate(request, bytes, input, at);
            counter.doFinal(input, at, bytes, output, 0);
            System.arraycopy(tag, 0, output, bytes, tagBytes);
            written = bytes + tagBytes;
            return CryptoStatus.OK;
        }
        counter.doFinal(input, at, bytes, output, 0);
        authenticate(request, bytes, output, 0);
        int difference = 0;
        for (int i = 0; i < tagBytes; i++) {
            difference |= tag[i] ^ input[at + bytes + i];
        }
        if (difference != 0) {
            Arrays.fill(output, 0, bytes, (byte) 0);
            throw new AEADBadTagException("tag mismatch");
        }
        written = bytes;
        return CryptoStatus.OK;
    }

    /** Makes the counter block 0, whose key stream is for the tag, and leaves the cipher at block 1. */
    private void startCounter(CryptoRequest request, int bytes) throws GeneralSecurityException {
        int nonce = request.ivBytes();
        int lengthBytes = BLOCK - 1 - nonce;
        if (lengthBytes < 2 || lengthBytes > 8) {
            throw new InvalidAlgorithmParameterException("nonce of " + nonce + " bytes: must have 7 to 13");
        }
        if (lengthBytes < Integer.BYTES && bytes >>> Byte.SIZE * lengthBytes != 0) {
            throw new InvalidAlgorithmParameterException(
                    bytes + " bytes are too many for a nonce of " + nonce + " bytes");
        }
        Arrays.fill(first, (byte) 0);
        first[0] = (byte) (lengthBytes - 1);
        System.arraycopy(request.input(), request.ivAt(), first, 1, nonce);
        counter.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(first));
        counter.update(ZEROS, 0, BLOCK, stream, 0);
    }

    /** Makes the tag of the additional data and of the plaintext. */
    private void authenticate(CryptoRequest request, int bytes, byte[] plain, int at) throws GeneralSecurityException {
        int aad = request.aadBytes();
        first[0] |= (byte) ((aad > 0 ? FLAG_AAD : 0) | (tagBytes - 2) / 2 << 3);
        int lengthBytes = BLOCK - 1 - request.ivBytes();
        for (int i = 0; i < Math.min(Integer.BYTES, lengthBytes); i++) {
            first[BLOCK - 1 - i] = (byte) (bytes >>> Byte.SIZE * i);
        }
        mac.start();
        mac.update(first, 0, BLOCK);
        if (aad > 0) {
            authenticateAad(request, aad);
        }
        mac.update(plain, at, bytes);
        mac.update(ZEROS, 0, fill(bytes));
        mac.finish(tag, 0, BLOCK);
        for (int i = 0; i < BLOCK; i++) {
            tag[i] ^= stream[i];
        }
    }

    private void authenticateAad(CryptoRequest request, int aad) throws GeneralSecurityException {
        byte[] prefix = aad < SHORT_AAD
                ? new byte[] {(byte) (aad >>> 8), (byte) aad}
                : new byte[] {
                    (byte) 0xFF, (byte) 0xFE, (byte) (aad >>> 24), (byte) (aad >>> 16), (byte) (aad >>> 8), (byte) aad
                };
        mac.update(prefix, 0, prefix.length);
        mac.update(request.input(), request.aadAt(), aad);
        mac.update(ZEROS, 0, fill(prefix.length + aad));
    }

    private static int fill(int bytes) {
        return -bytes & BLOCK - 1;
    }

    @Override
    int written() {
        return written;
    }

    @Override
    void wipe() {
        Wiping.of(counter, Cipher.ENCRYPT_MODE, key, BLOCK);
        mac.wipe();
        key.destroy();
        Arrays.fill(stream, (byte) 0);
    }
}
