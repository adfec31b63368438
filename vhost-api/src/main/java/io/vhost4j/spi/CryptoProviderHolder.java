// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.spi;

import io.vhost4j.ConfigurationException;
import java.util.ServiceLoader;

/** Loads the provider at first use. */
final class CryptoProviderHolder {
    static final CryptoProvider INSTANCE = ServiceLoader.load(
                    CryptoProvider.class, CryptoProvider.class.getClassLoader())
            .findFirst()
            .orElseThrow(() -> new ConfigurationException("no implementation of " + CryptoProvider.class.getName()
                    + " found: add the module io.vhost4j.cryptodev"));

    private CryptoProviderHolder() {}
}
