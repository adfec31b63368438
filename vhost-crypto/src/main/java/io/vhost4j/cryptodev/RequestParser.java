// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import static io.vhost4j.cryptodev.Bytes.intAt;

import io.vhost4j.crypto.CryptoException;
import io.vhost4j.crypto.CryptoOperation;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.SessionParameters;
import org.jspecify.annotations.Nullable;

/**
 * Judges a data request that was copied out of guest memory (virtio 1.2 §5.9.7.3): its session, or what it brings along instead, and how it is
 * laid out. Used by the threads of all queues.
 */
final class RequestParser {
    private final SessionTable sessions;
    private volatile long features;

    RequestParser(SessionTable sessions) {
        this.sessions = sessions;
    }

    /** The negotiated features, which say how requests are laid out. */
    void setFeatures(long negotiated) {
        features = negotiated;
    }

    /**
     * Fills in a request.
     *
     * @return null if it can be worked on, otherwise how it is answered
     */
    @Nullable
    CryptoStatus parse(GuestRequest request) {
        if (request.readable < CryptoLayout.DATA_HEADER_BYTES) {
            return CryptoStatus.ERR;
        }
        int opcode = intAt(request.input, CryptoLayout.DATA_OPCODE);
        CryptoOperation operation = CryptoOperation.of(opcode);
        if (operation == null) {
            return CryptoStatus.NOTSUPP;
        }
        request.operation = operation;
        int service = opcode >>> 8;
        long negotiated = features;
        boolean revised = has(negotiated, CryptoLayout.F_REVISION_1);
        boolean statelessLayout = revised && has(negotiated, CryptoLayout.F_CIPHER_STATELESS + service);
        int fixedBytes = statelessLayout
                ? StatelessFields.fixedBytes(service)
                : revised ? DataFields.fixedBytes(service) : CryptoLayout.DATA_LEGACY_BYTES;
        if (request.readable < CryptoLayout.DATA_HEADER_BYTES + fixedBytes) {
            return CryptoStatus.ERR;
        }
        boolean inSession =
                !revised || (intAt(request.input, CryptoLayout.DATA_FLAG) & CryptoLayout.FLAG_SESSION_MODE) != 0;
        if (inSession) {
            return parseInSession(request, service, statelessLayout, fixedBytes);
        }
        return statelessLayout ? parseStateless(request, service) : CryptoStatus.NOTSUPP;
    }

    private @Nullable CryptoStatus parseInSession(
            GuestRequest request, int service, boolean statelessLayout, int fixedBytes) {
        OpenSession session = sessions.find(Bytes.longAt(request.input, CryptoLayout.DATA_SESSION));
        if (session == null || service != service(session.parameters)) {
            return CryptoStatus.INVSESS;
        }
        request.session = session;
        int variableAt = CryptoLayout.DATA_HEADER_BYTES + fixedBytes;
        return DataFields.read(request, session.parameters, statelessLayout, variableAt);
    }

    private @Nullable CryptoStatus parseStateless(GuestRequest request, int service) {
        try {
            StatelessFields fields = StatelessFields.read(request, service);
            SessionParameters parameters = fields.parameters();
            CryptoStatus refused = DataFields.read(request, parameters, true, fields.variableAt());
            if (refused != null) {
                parameters.wipe();
                return refused;
            }
            request.session = sessions.openForOne(parameters);
            request.stateless = true;
            return null;
        } catch (CryptoException e) {
            return e.status();
        }
    }

    private static boolean has(long features, int bit) {
        return (features >>> bit & 1) != 0;
    }

    private static int service(SessionParameters parameters) {
        return switch (parameters) {
            case SessionParameters.Cipher c -> CryptoLayout.SERVICE_CIPHER;
            case SessionParameters.Chain c -> CryptoLayout.SERVICE_CIPHER;
            case SessionParameters.Hash h -> CryptoLayout.SERVICE_HASH;
            case SessionParameters.Mac m -> CryptoLayout.SERVICE_MAC;
            case SessionParameters.Aead a -> CryptoLayout.SERVICE_AEAD;
            case SessionParameters.Rsa r -> CryptoLayout.SERVICE_AKCIPHER;
            case SessionParameters.Ecdsa e -> CryptoLayout.SERVICE_AKCIPHER;
        };
    }
}
