// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import java.security.GeneralSecurityException;
import java.util.Arrays;

/**
 * A cipher and a digest on the same data. The destination is the source with the ciphered part in its place. The digest is of the additional data
 * and then of its part of the source, or where the cipher comes first, of the destination.
 */
final class ChainWorker extends Worker {
    private final Transform transform;
    private final DigestEngine engine;
    private final boolean digestFirst;
    private byte[] image = {};
    private int written;

    ChainWorker(Transform transform, DigestEngine engine, boolean digestFirst) {
        this.transform = transform;
        this.engine = engine;
        this.digestFirst = digestFirst;
    }

    @Override
    CryptoStatus run(CryptoRequest request) throws GeneralSecurityException {
        if (request.resultBytes() > engine.length()) {
            return CryptoStatus.ERR;
        }
        if (digestFirst) {
            digest(request, request.input(), request.sourceAt());
        }
        encipher(request);
        if (!digestFirst) {
            digest(request, image, 0);
        }
        if (!authentic(request)) {
            return CryptoStatus.BADMSG;
        }
        written = Math.min(request.sourceBytes(), request.destinationBytes());
        System.arraycopy(image, 0, request.output(), 0, written);
        return CryptoStatus.OK;
    }

    private void encipher(CryptoRequest request) throws GeneralSecurityException {
        int bytes = request.sourceBytes();
        if (image.length < bytes) {
            image = new byte[bytes];
        }
        System.arraycopy(request.input(), request.sourceAt(), image, 0, bytes);
        transform.apply(
                request.input(),
                request.ivAt(),
                request.ivBytes(),
                request.input(),
                request.sourceAt() + request.cipherFrom(),
                request.cipherBytes(),
                image,
                request.cipherFrom());
    }

    private void digest(CryptoRequest request, byte[] from, int at) throws GeneralSecurityException {
        engine.start();
        engine.update(request.input(), request.aadAt(), request.aadBytes());
        engine.update(from, at + request.digestFrom(), request.digestBytes());
        engine.finish(request.output(), request.destinationBytes(), request.resultBytes());
    }

    /** In a time that does not tell where they differ. */
    private boolean authentic(CryptoRequest request) {
        int bytes = request.expectedBytes();
        int difference = 0;
        for (int i = 0; i < bytes; i++) {
            difference |= request.output()[request.destinationBytes() + i] ^ request.input()[request.expectedAt() + i];
        }
        return difference == 0;
    }

    @Override
    int written() {
        return written;
    }

    @Override
    void wipe() {
        transform.wipe();
        engine.wipe();
        Arrays.fill(image, (byte) 0);
    }
}
