// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import io.vhost4j.crypto.CryptoCapabilities;
import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.SessionParameters;
import java.util.ArrayDeque;

/** A device as a card is: it takes two requests at a time, holds three, and gives back the last first, one for each time it is asked. */
final class SlowDevice implements CryptoDevice {
    private static final int AT_A_TIME = 2;
    private static final int ROOM = 3;

    private final CryptoDevice crypto;
    private final ArrayDeque<CryptoRequest> held = new ArrayDeque<>();

    SlowDevice(CryptoDevice crypto) {
        this.crypto = crypto;
    }

    @Override
    public CryptoCapabilities capabilities() {
        return crypto.capabilities();
    }

    @Override
    public Object createSession(SessionParameters parameters) {
        return crypto.createSession(parameters);
    }

    @Override
    public void closeSession(Object session) {
        crypto.closeSession(session);
    }

    @Override
    public int enqueueBurst(int queuePair, CryptoRequest[] requests, int from, int count) {
        int taken = Math.min(count, Math.min(AT_A_TIME, ROOM - held.size()));
        for (int i = from; i < from + taken; i++) {
            held.push(requests[i]);
        }
        return taken;
    }

    @Override
    public int dequeueBurst(int queuePair, CryptoRequest[] requests, int from, int count) {
        if (count == 0 || held.isEmpty()) {
            return 0;
        }
        requests[from] = held.pop();
        crypto.enqueueBurst(queuePair, requests, from, 1);
        return crypto.dequeueBurst(queuePair, requests, from, 1);
    }
}
