// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.spi;

import io.vhost4j.ConfigurationException;
import java.util.ServiceLoader;

/** Loads the provider at first use. */
final class ProviderHolder {
    static final VhostProvider INSTANCE = ServiceLoader.load(VhostProvider.class, VhostProvider.class.getClassLoader())
            .findFirst()
            .orElseThrow(() -> new ConfigurationException("no implementation of " + VhostProvider.class.getName()
                    + " found: add the module io.vhost4j.core"));

    private ProviderHolder() {}
}
