// SPDX-License-Identifier: BSD-3-Clause

/** The vhost-user back-end. */
module io.vhost4j.core {
    requires io.vhost4j;
    requires org.slf4j;
    requires static org.jspecify;

    provides io.vhost4j.spi.VhostProvider with
            io.vhost4j.core.server.CoreProvider;
}
