// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.crypto.CryptoCounters;
import io.vhost4j.crypto.CryptoStatus;
import java.util.concurrent.atomic.LongAdder;

/** Counts what a device does. Any thread. */
final class Tally {
    final LongAdder requestBytes = new LongAdder();
    final LongAdder dropped = new LongAdder();
    final LongAdder sessionsCreated = new LongAdder();
    final LongAdder sessionsRefused = new LongAdder();
    private final LongAdder[] byStatus = new LongAdder[CryptoStatus.values().length];

    Tally() {
        for (int i = 0; i < byStatus.length; i++) {
            byStatus[i] = new LongAdder();
        }
    }

    void answered(CryptoStatus status, int bytes) {
        byStatus[status.ordinal()].increment();
        requestBytes.add(bytes);
    }

    private long of(CryptoStatus status) {
        return byStatus[status.ordinal()].sum();
    }

    CryptoCounters snapshot(int sessions) {
        long requests = 0;
        for (LongAdder one : byStatus) {
            requests += one.sum();
        }
        return new CryptoCounters(
                requests,
                requestBytes.sum(),
                of(CryptoStatus.OK),
                of(CryptoStatus.BADMSG),
                of(CryptoStatus.NOTSUPP),
                of(CryptoStatus.INVSESS),
                of(CryptoStatus.KEY_REJECTED),
                of(CryptoStatus.ERR) + of(CryptoStatus.NOSPC),
                dropped.sum(),
                sessionsCreated.sum(),
                sessionsRefused.sum(),
                sessions);
    }
}
