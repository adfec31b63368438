// SPDX-License-Identifier: BSD-3-Clause

/** The virtio-crypto back-end. */
module io.vhost4j.cryptodev {
    requires io.vhost4j;
    requires io.vhost4j.core;
    requires org.slf4j;
    requires static org.jspecify;

    provides io.vhost4j.spi.CryptoProvider with
            io.vhost4j.cryptodev.CoreCryptoProvider;
}
