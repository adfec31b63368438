// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;

/** Has implementations overwrite their keys, by giving them others. */
final class Wiping {
    private Wiping() {}

    static void of(Cipher cipher, int mode, RawKey key, int ivBytes) {
        try {
            if (ivBytes == 0) {
                cipher.init(mode, key.zeros());
            } else {
                cipher.init(mode, key.zeros(), new IvParameterSpec(new byte[ivBytes]));
            }
        } catch (GeneralSecurityException | RuntimeException e) {
            // one that takes no such key keeps its own until it is collected: there is no other way to reach it
            assert e != null;
        }
    }

    static void of(Mac mac, RawKey key) {
        try {
            mac.init(key.zeros());
        } catch (GeneralSecurityException | RuntimeException e) {
            // as above
            assert e != null;
        }
    }
}
