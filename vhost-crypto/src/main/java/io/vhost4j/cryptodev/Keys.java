// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.crypto.CryptoException;
import io.vhost4j.crypto.CryptoKey;
import io.vhost4j.crypto.CryptoStatus;
import java.util.ArrayList;
import java.util.List;

/** Takes keys out of a message, one behind the other. */
final class Keys {
    private final byte[] from;
    private final int limit;
    private int at;
    private final List<CryptoKey> taken = new ArrayList<>(2);

    /** Keys from index {@code at} on, all before {@code limit}. */
    Keys(byte[] from, int at, int limit) {
        this.from = from;
        this.limit = limit;
        this.at = at;
    }

    /**
     * The next one.
     *
     * @param bytes what the sender says that its length is
     * @throws CryptoException if there are not as many
     */
    CryptoKey next(long bytes) {
        if (bytes > limit - at) {
            throw new CryptoException(
                    CryptoStatus.ERR, "key of " + bytes + " bytes: only " + (limit - at) + " bytes are there");
        }
        CryptoKey key = CryptoKey.copyOf(from, at, (int) bytes);
        at += (int) bytes;
        taken.add(key);
        return key;
    }

    /** Wipes all keys that were taken: there will be no session. */
    void wipe() {
        taken.forEach(CryptoKey::close);
    }

    /** Where the bytes behind the keys begin. */
    int end() {
        return at;
    }
}
