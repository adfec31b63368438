// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import static io.vhost4j.cryptodev.Bytes.intAt;
import static io.vhost4j.cryptodev.Bytes.unsignedAt;

import io.vhost4j.crypto.CryptoException;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.SessionParameters;

/**
 * The part of a stateless request that stands for a session (virtio 1.2 §5.9.7.4 to §5.9.7.8).
 *
 * @param parameters with keys of their own
 * @param variableAt where the rest of the request's variable part begins
 */
record StatelessFields(SessionParameters parameters, int variableAt) {
    private static final int FIELDS = CryptoLayout.DATA_HEADER_BYTES;

    /** Bytes of the fixed part. */
    static int fixedBytes(int service) {
        return switch (service) {
            case CryptoLayout.SERVICE_CIPHER -> CryptoLayout.SYM_STATELESS_BYTES;
            case CryptoLayout.SERVICE_AEAD -> CryptoLayout.AEAD_STATELESS_BYTES;
            case CryptoLayout.SERVICE_AKCIPHER -> CryptoLayout.AKCIPHER_STATELESS_BYTES;
            default -> CryptoLayout.HASH_STATELESS_BYTES;
        };
    }

    /**
     * Reads them.
     *
     * @throws CryptoException if they cannot be right
     */
    static StatelessFields read(GuestRequest request, int service) {
        Keys keys = new Keys(request.input, FIELDS + fixedBytes(service), request.readable);
        try {
            return new StatelessFields(parameters(request.input, service, keys), keys.end());
        } catch (CryptoException e) {
            keys.wipe();
            throw e;
        }
    }

    private static SessionParameters parameters(byte[] input, int service, Keys keys) {
        return switch (service) {
            case CryptoLayout.SERVICE_CIPHER -> symmetric(input, keys);
            case CryptoLayout.SERVICE_HASH -> Parameters.hash(intAt(input, FIELDS), intAt(input, FIELDS + 8));
            case CryptoLayout.SERVICE_MAC ->
                Parameters.mac(
                        intAt(input, FIELDS), keys.next(unsignedAt(input, FIELDS + 4)), intAt(input, FIELDS + 12));
            case CryptoLayout.SERVICE_AEAD ->
                Parameters.aead(
                        intAt(input, FIELDS),
                        keys.next(unsignedAt(input, FIELDS + 4)),
                        intAt(input, FIELDS + 16),
                        intAt(input, FIELDS + 8));
            default -> asymmetric(input, keys);
        };
    }

    private static SessionParameters symmetric(byte[] input, Keys keys) {
        int kind = intAt(input, FIELDS + CryptoLayout.SYM_STATELESS_OP_TYPE);
        if (kind == CryptoLayout.SYM_CIPHER) {
            return Parameters.cipher(
                    intAt(input, FIELDS), keys.next(unsignedAt(input, FIELDS + 4)), intAt(input, FIELDS + 8));
        }
        if (kind != CryptoLayout.SYM_CHAIN) {
            throw new CryptoException(CryptoStatus.NOTSUPP, "symmetric operation " + kind);
        }
        SessionParameters.Cipher cipher = Parameters.cipher(
                intAt(input, FIELDS + 8), keys.next(unsignedAt(input, FIELDS + 12)), intAt(input, FIELDS + 16));
        SessionParameters.Digest digest = Parameters.digest(
                intAt(input, FIELDS + 28),
                intAt(input, FIELDS + 20),
                keys.next(unsignedAt(input, FIELDS + 24)),
                intAt(input, FIELDS + CryptoLayout.CHAIN_STATELESS_DATA + 32));
        return Parameters.chain(intAt(input, FIELDS), cipher, digest);
    }

    private static SessionParameters asymmetric(byte[] input, Keys keys) {
        return Parameters.asymmetric(
                intAt(input, FIELDS),
                intAt(input, FIELDS + 4),
                keys.next(unsignedAt(input, FIELDS + 8)),
                intAt(input, FIELDS + 12),
                intAt(input, FIELDS + 16));
    }
}
