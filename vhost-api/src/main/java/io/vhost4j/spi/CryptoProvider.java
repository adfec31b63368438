// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.spi;

import io.vhost4j.ConfigurationException;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDriver;
import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoOptions;
import io.vhost4j.crypto.VhostCrypto;
import java.security.Provider;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** The implementation behind {@link VhostCrypto}, found by {@link ServiceLoader}. */
public interface CryptoProvider {
    /**
     * The provider on the module or class path.
     *
     * @throws ConfigurationException if there is none
     */
    static CryptoProvider instance() {
        return CryptoProviderHolder.INSTANCE;
    }

    /** See {@link VhostCrypto#driverStart}. */
    void start(VhostDriver driver, CryptoOptions options);

    /** See {@link VhostCrypto#create}. */
    VhostCrypto create(VhostDevice device, CryptoDevice crypto, CryptoOptions options);

    /** See {@link VhostCrypto#of}. */
    @Nullable
    VhostCrypto find(int vid);

    /**
     * See {@link CryptoDevice#jca}.
     *
     * @param provider null for those that the Java runtime prefers
     */
    CryptoDevice jca(@Nullable Provider provider);
}
