// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import static io.vhost4j.cryptodev.Bytes.intAt;
import static io.vhost4j.cryptodev.Bytes.unsignedAt;

import io.vhost4j.crypto.CryptoException;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.SessionParameters;

/** A request of the control queue that was copied out of guest memory (virtio 1.2 §5.9.7.2). */
final class ControlRequest {
    private static final int FIELDS = CryptoLayout.CTRL_HEADER_BYTES;
    private static final int LONGEST_FIXED_PART = 56;

    private final byte[] input;
    private final int readable;
    private final boolean revised;

    /**
     * A request.
     *
     * @param input longer than any fixed part
     * @param readable bytes of it that are the request, at least a header
     * @param revised whether revision 1 was negotiated
     */
    ControlRequest(byte[] input, int readable, boolean revised) {
        this.input = input;
        this.readable = readable;
        this.revised = revised;
    }

    private int service() {
        return intAt(input, CryptoLayout.CTRL_OPCODE) >>> 8;
    }

    private int operation() {
        return intAt(input, CryptoLayout.CTRL_OPCODE) & 0xFF;
    }

    private boolean asymmetric() {
        return service() == CryptoLayout.SERVICE_AKCIPHER;
    }

    /** Whether it is about opening a session. */
    boolean creates() {
        return service() < CryptoLayout.SERVICES
                && operation() == (asymmetric() ? CryptoLayout.OP_AKCIPHER_CREATE : CryptoLayout.OP_CREATE);
    }

    /** Whether it is about closing a session. */
    boolean destroys() {
        return service() < CryptoLayout.SERVICES
                && operation() == (asymmetric() ? CryptoLayout.OP_AKCIPHER_DESTROY : CryptoLayout.OP_DESTROY);
    }

    /**
     * The session to close.
     *
     * @throws CryptoException if the request is too short
     */
    long sessionId() {
        fixedPart(Long.BYTES);
        return Bytes.longAt(input, FIELDS);
    }

    /**
     * The session to open.
     *
     * @throws CryptoException if it cannot be right
     */
    SessionParameters parameters() {
        int fixed = switch (service()) {
            case CryptoLayout.SERVICE_HASH -> 8;
            case CryptoLayout.SERVICE_MAC -> 16;
            case CryptoLayout.SERVICE_AEAD -> 24;
            default -> LONGEST_FIXED_PART;
        };
        Keys keys = new Keys(input, fixedPart(fixed), readable);
        try {
            return parameters(keys);
        } catch (CryptoException e) {
            keys.wipe();
            throw e;
        }
    }

    /** Where the part behind the fixed one begins, which has {@code bytes} bytes with revision 1. */
    private int fixedPart(int bytes) {
        int end = FIELDS + (revised ? bytes : CryptoLayout.CTRL_LEGACY_BYTES);
        if (readable < end) {
            throw new CryptoException(
                    CryptoStatus.ERR, "control request of " + readable + " bytes: has at least " + end);
        }
        return end;
    }

    private SessionParameters parameters(Keys keys) {
        return switch (service()) {
            case CryptoLayout.SERVICE_HASH -> Parameters.hash(intAt(input, FIELDS), intAt(input, FIELDS + 4));
            case CryptoLayout.SERVICE_MAC ->
                Parameters.mac(
                        intAt(input, FIELDS), keys.next(unsignedAt(input, FIELDS + 8)), intAt(input, FIELDS + 4));
            case CryptoLayout.SERVICE_AEAD ->
                Parameters.aead(
                        intAt(input, FIELDS),
                        keys.next(unsignedAt(input, FIELDS + 4)),
                        intAt(input, FIELDS + 8),
                        intAt(input, FIELDS + 16));
            case CryptoLayout.SERVICE_AKCIPHER ->
                Parameters.asymmetric(
                        intAt(input, FIELDS),
                        intAt(input, FIELDS + 4),
                        keys.next(unsignedAt(input, FIELDS + 8)),
                        intAt(input, FIELDS + 12),
                        intAt(input, FIELDS + 16));
            default -> symmetric(keys);
        };
    }

    private SessionParameters symmetric(Keys keys) {
        int kind = intAt(input, FIELDS + CryptoLayout.CTRL_SYM_OP_TYPE);
        if (kind == CryptoLayout.SYM_CIPHER) {
            return cipher(FIELDS, keys);
        }
        if (kind != CryptoLayout.SYM_CHAIN) {
            throw new CryptoException(CryptoStatus.NOTSUPP, "symmetric operation " + kind);
        }
        int mode = intAt(input, FIELDS + 4);
        SessionParameters.Cipher cipher = cipher(FIELDS + 8, keys);
        long authBytes = mode == CryptoLayout.HASH_MODE_AUTH ? unsignedAt(input, FIELDS + 32) : 0;
        SessionParameters.Digest digest =
                Parameters.digest(mode, intAt(input, FIELDS + 24), keys.next(authBytes), intAt(input, FIELDS + 28));
        return Parameters.chain(intAt(input, FIELDS), cipher, digest);
    }

    private SessionParameters.Cipher cipher(int at, Keys keys) {
        return Parameters.cipher(intAt(input, at), keys.next(unsignedAt(input, at + 4)), intAt(input, at + 8));
    }
}
