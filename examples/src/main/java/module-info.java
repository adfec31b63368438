// SPDX-License-Identifier: BSD-3-Clause

/** Example programs. */
module io.vhost4j.examples {
    requires info.picocli;
    requires io.vhost4j;
    requires io.vhost4j.asynccopy;
    requires io.vhost4j.core;
    requires io.vhost4j.cryptodev;
    requires io.vhost4j.drivers;
    requires io.vhost4j.virtiouser;
    requires org.slf4j;
    requires static org.jspecify;

    opens io.vhost4j.examples to
            info.picocli;
    opens io.vhost4j.examples.cli to
            info.picocli;
    opens io.vhost4j.examples.crypto to
            info.picocli;
    opens io.vhost4j.examples.demo to
            info.picocli;
    opens io.vhost4j.examples.doctor to
            info.picocli;
    opens io.vhost4j.examples.forward to
            info.picocli;
    opens io.vhost4j.examples.ping to
            info.picocli;
    opens io.vhost4j.examples.pktgen to
            info.picocli;
    opens io.vhost4j.examples.vdpa to
            info.picocli;
}
