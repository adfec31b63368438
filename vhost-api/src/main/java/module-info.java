// SPDX-License-Identifier: BSD-3-Clause
/** The vhost4j API: all that an application sees. */
module io.vhost4j {
    requires static transitive org.jspecify;

    exports io.vhost4j;
    exports io.vhost4j.async;
    exports io.vhost4j.crypto;
    exports io.vhost4j.packet;
    exports io.vhost4j.spi;
    exports io.vhost4j.vdpa;

    uses io.vhost4j.spi.CryptoProvider;
    uses io.vhost4j.spi.DmaProvider;
    uses io.vhost4j.spi.KernelFrontend;
    uses io.vhost4j.spi.VdpaDriver;
    uses io.vhost4j.spi.VhostProvider;
}
