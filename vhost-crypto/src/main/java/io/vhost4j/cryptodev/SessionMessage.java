// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import static io.vhost4j.cryptodev.Bytes.intAt;
import static io.vhost4j.cryptodev.Bytes.unsignedAt;

import io.vhost4j.crypto.CryptoException;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.SessionParameters;
import java.util.Arrays;

/**
 * The payload of CREATE_CRYPTO_SESSION. There are three layouts:
 *
 * <ul>
 *   <li>1072 bytes (QEMU 8.0 and later, DPDK 25.03 and later): the opcode, then a symmetric or an asymmetric session, last the id.
 *   <li>632 bytes, the id first and then a symmetric session (QEMU 7.1 and 7.2).
 *   <li>632 bytes, the id, the opcode, and a symmetric session (QEMU up to 7.0, DPDK up to 24.11). The numbers before the addresses are 4 bytes
 *       further on, the keys are in the same places.
 * </ul>
 *
 * <p>The addresses in it are of the front-end's process and mean nothing here.
 */
final class SessionMessage {
    private static final int OLD_BYTES = 632;
    private static final int NEW_BYTES = 1072;
    private static final int SYMMETRIC_CREATE = 0x002;
    private static final int ASYMMETRIC_CREATE = 0x404;

    private static final int UNION = 8;
    private static final int OPCODE_BYTES = 4;
    private static final int OP_TYPE = 24;
    private static final int CIPHER_KEY = 56;
    private static final int MAX_CIPHER_KEY = 64;
    private static final int AUTH_KEY = 120;
    private static final int MAX_AUTH_KEY = 512;
    private static final int ASYMMETRIC_KEY = 40;
    private static final int MAX_ASYMMETRIC_KEY = 1024;
    private static final int ID_AT_END = 1064;

    private final byte[] payload;
    private final boolean old;

    /** A payload of a known size, which the answer is put into. */
    SessionMessage(byte[] payload) {
        this.payload = payload;
        old = payload.length == OLD_BYTES;
    }

    static boolean isKnownSize(long bytes) {
        return bytes == OLD_BYTES || bytes == NEW_BYTES;
    }

    /**
     * What the session is to do.
     *
     * @throws CryptoException if it cannot be right
     */
    SessionParameters parameters() {
        int opcode = old ? SYMMETRIC_CREATE : intAt(payload, 0);
        if (opcode == ASYMMETRIC_CREATE) {
            return asymmetric();
        }
        if (opcode != SYMMETRIC_CREATE) {
            throw new CryptoException(CryptoStatus.NOTSUPP, "session opcode 0x" + Integer.toHexString(opcode));
        }
        Keys cipherKey = new Keys(payload, CIPHER_KEY, CIPHER_KEY + MAX_CIPHER_KEY);
        Keys authKey = new Keys(payload, AUTH_KEY, AUTH_KEY + MAX_AUTH_KEY);
        try {
            return symmetric(old && hasOpcodeBehindId() ? UNION + OPCODE_BYTES : UNION, cipherKey, authKey);
        } catch (CryptoException e) {
            cipherKey.wipe();
            authKey.wipe();
            throw e;
        }
    }

    /** Both layouts have the same length: the one is taken whose small numbers can be right. */
    private boolean hasOpcodeBehindId() {
        return !plausible(UNION) && intAt(payload, UNION) == SYMMETRIC_CREATE && plausible(UNION + OPCODE_BYTES);
    }

    private boolean plausible(int at) {
        int kind = payload[at + OP_TYPE];
        int direction = payload[at + OP_TYPE + 1];
        return (kind == CryptoLayout.SYM_CIPHER || kind == CryptoLayout.SYM_CHAIN)
                && (direction == CryptoLayout.OP_ENCRYPT || direction == CryptoLayout.OP_DECRYPT);
    }

    private SessionParameters symmetric(int at, Keys cipherKey, Keys authKey) {
        SessionParameters.Cipher cipher = Parameters.cipher(
                intAt(payload, at), cipherKey.next(unsignedAt(payload, at + 4)), payload[at + OP_TYPE + 1]);
        int kind = payload[at + OP_TYPE];
        if (kind == CryptoLayout.SYM_CIPHER) {
            return cipher;
        }
        if (kind != CryptoLayout.SYM_CHAIN) {
            throw new CryptoException(CryptoStatus.NOTSUPP, "symmetric operation " + kind);
        }
        SessionParameters.Digest digest = Parameters.digest(
                payload[at + OP_TYPE + 2],
                intAt(payload, at + 8),
                authKey.next(unsignedAt(payload, at + 16)),
                intAt(payload, at + 12));
        return Parameters.chain(payload[at + OP_TYPE + 3], cipher, digest);
    }

    private SessionParameters asymmetric() {
        Keys keys = new Keys(payload, ASYMMETRIC_KEY, ASYMMETRIC_KEY + MAX_ASYMMETRIC_KEY);
        try {
            return Parameters.asymmetric(
                    intAt(payload, UNION),
                    intAt(payload, UNION + 4),
                    keys.next(unsignedAt(payload, UNION + 8)),
                    intAt(payload, 32),
                    intAt(payload, 36));
        } catch (CryptoException e) {
            keys.wipe();
            throw e;
        }
    }

    /** Makes the payload the answer: the id, or a negative number; the keys are not sent back. */
    void answer(long id) {
        int firstKey = old || intAt(payload, 0) != ASYMMETRIC_CREATE ? CIPHER_KEY : ASYMMETRIC_KEY;
        Arrays.fill(payload, firstKey, old ? OLD_BYTES : ID_AT_END, (byte) 0);
        Bytes.setLong(payload, old ? 0 : ID_AT_END, id);
    }
}
