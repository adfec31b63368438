// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;

/** A provider's HMAC. */
final class HmacEngine extends DigestEngine {
    private final Mac mac;
    private final RawKey key;
    private final byte[] whole;

    HmacEngine(Mac mac, RawKey key) throws GeneralSecurityException {
        this.mac = mac;
        this.key = key;
        mac.init(key);
        whole = new byte[mac.getMacLength()];
    }

    @Override
    int length() {
        return whole.length;
    }

    @Override
    void start() {
        mac.reset();
    }

    @Override
    void update(byte[] from, int at, int bytes) {
        mac.update(from, at, bytes);
    }

    @Override
    void finish(byte[] to, int at, int bytes) throws GeneralSecurityException {
        mac.doFinal(whole, 0);
        System.arraycopy(whole, 0, to, at, bytes);
    }

    @Override
    void wipe() {
        Wiping.of(mac, key);
        key.destroy();
        Arrays.fill(whole, (byte) 0);
    }
}
