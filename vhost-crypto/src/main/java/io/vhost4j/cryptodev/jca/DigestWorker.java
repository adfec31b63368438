// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import java.security.GeneralSecurityException;

/** Computes a digest. */
final class DigestWorker extends Worker {
    private final DigestEngine engine;

    DigestWorker(DigestEngine engine) {
        this.engine = engine;
    }

    @Override
    CryptoStatus run(CryptoRequest request) throws GeneralSecurityException {
        if (request.resultBytes() > engine.length()) {
            return CryptoStatus.ERR;
        }
        engine.start();
        engine.update(request.input(), request.sourceAt(), request.sourceBytes());
        engine.finish(request.output(), request.destinationBytes(), request.resultBytes());
        return CryptoStatus.OK;
    }

    @Override
    int written() {
        return 0;
    }

    @Override
    void wipe() {
        engine.wipe();
    }
}
