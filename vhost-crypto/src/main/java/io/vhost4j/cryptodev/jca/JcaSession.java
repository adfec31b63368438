// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import java.security.GeneralSecurityException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import javax.crypto.AEADBadTagException;
import org.jspecify.annotations.Nullable;

/** A session: workers that no thread uses wait for the next, so that there are as many as threads have used it at the same time. */
final class JcaSession {
    private static final int IDLE = 16;

    private final WorkerFactory factory;
    private final AtomicReferenceArray<@Nullable Worker> idle = new AtomicReferenceArray<>(IDLE);
    private volatile boolean closed;

    /** A session with its first worker, which shows that the key is one. */
    JcaSession(WorkerFactory factory) throws GeneralSecurityException {
        this.factory = factory;
        idle.set(0, factory.make());
    }

    /** Completes a request. Any thread. */
    void run(CryptoRequest request) {
        CryptoStatus status;
        int written = 0;
        try {
            Worker worker = take();
            if (worker == null) {
                status = CryptoStatus.INVSESS;
            } else {
                try {
                    status = worker.run(request);
                    written = status == CryptoStatus.OK ? worker.written() : 0;
                } finally {
                    giveBack(worker);
                }
            }
        } catch (AEADBadTagException e) {
            status = CryptoStatus.BADMSG;
        } catch (GeneralSecurityException | RuntimeException e) {
            // lengths, keys and padding that an algorithm cannot take; providers have exceptions of their own for them
            status = CryptoStatus.ERR;
        }
        request.complete(status, written);
    }

    private @Nullable Worker take() throws GeneralSecurityException {
        for (int i = 0; i < IDLE; i++) {
            Worker found = idle.getAndSet(i, null);
            if (found != null) {
                return found;
            }
            if (closed) {
                return null;
            }
        }
        return factory.make();
    }

    private void giveBack(Worker worker) {
        for (int i = 0; i < IDLE; i++) {
            if (idle.compareAndSet(i, null, worker)) {
                if (closed) {
                    wipeIdle();
                }
                return;
            }
        }
        worker.wipe();
    }

    /** Wipes what was made of keys; workers that a thread uses now are wiped when it is done. */
    void close() {
        closed = true;
        wipeIdle();
    }

    private void wipeIdle() {
        for (int i = 0; i < IDLE; i++) {
            Worker found = idle.getAndSet(i, null);
            if (found != null) {
                found.wipe();
            }
        }
    }
}
