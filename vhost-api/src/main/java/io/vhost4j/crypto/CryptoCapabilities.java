// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import java.util.Set;

/**
 * What a crypto device can do.
 *
 * @param maxCipherKeyBytes longest key of a cipher
 * @param maxAuthKeyBytes longest key of a message authentication code
 */
public record CryptoCapabilities(
        Set<CipherAlgorithm> ciphers,
        Set<HashAlgorithm> hashes,
        Set<MacAlgorithm> macs,
        Set<AeadAlgorithm> aeads,
        Set<AsymmetricAlgorithm> asymmetric,
        int maxCipherKeyBytes,
        int maxAuthKeyBytes) {
    /** With copies of the sets. */
    public CryptoCapabilities {
        ciphers = Set.copyOf(ciphers);
        hashes = Set.copyOf(hashes);
        macs = Set.copyOf(macs);
        aeads = Set.copyOf(aeads);
        asymmetric = Set.copyOf(asymmetric);
    }
}
