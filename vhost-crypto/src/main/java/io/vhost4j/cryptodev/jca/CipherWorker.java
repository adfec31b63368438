// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import java.security.GeneralSecurityException;

/** Encrypts or decrypts. */
final class CipherWorker extends Worker {
    private final Transform transform;
    private int written;

    CipherWorker(Transform transform) {
        this.transform = transform;
    }

    @Override
    CryptoStatus run(CryptoRequest request) throws GeneralSecurityException {
        written = request.sourceBytes();
        transform.apply(
                request.input(),
                request.ivAt(),
                request.ivBytes(),
                request.input(),
                request.sourceAt(),
                written,
                request.output(),
                0);
        return CryptoStatus.OK;
    }

    @Override
    int written() {
        return written;
    }

    @Override
    void wipe() {
        transform.wipe();
    }
}
