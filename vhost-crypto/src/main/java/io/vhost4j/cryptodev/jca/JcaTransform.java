// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;

/** A cipher of a provider's that turns each byte into one. */
final class JcaTransform extends Transform {
    private final Cipher cipher;
    private final RawKey key;
    private final int mode;
    /** What its initialization vector must have, 0 if it has none. */
    private final int ivLength;

    JcaTransform(Cipher cipher, RawKey key, boolean encrypt, int ivLength) throws GeneralSecurityException {
        this.cipher = cipher;
        this.key = key;
        this.mode = encrypt ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE;
        this.ivLength = ivLength;
        start(new byte[ivLength], 0, ivLength);
    }

    private void start(byte[] iv, int at, int bytes) throws GeneralSecurityException {
        if (bytes != ivLength) {
            throw new InvalidAlgorithmParameterException(
                    "initialization vector of " + bytes + " bytes: must have " + ivLength);
        }
        if (ivLength == 0) {
            cipher.init(mode, key);
        } else {
            cipher.init(mode, key, new IvParameterSpec(iv, at, bytes));
        }
    }

    @Override
    void apply(byte[] iv, int ivAt, int ivBytes, byte[] from, int at, int bytes, byte[] to, int toAt)
            throws GeneralSecurityException {
        start(iv, ivAt, ivBytes);
        cipher.doFinal(from, at, bytes, to, toAt);
    }

    @Override
    void wipe() {
        Wiping.of(cipher, mode, key, ivLength);
        key.destroy();
    }
}
