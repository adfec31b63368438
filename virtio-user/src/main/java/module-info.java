// SPDX-License-Identifier: BSD-3-Clause

/** The virtio-net front-end over vhost-user. */
module io.vhost4j.virtiouser {
    requires transitive io.vhost4j;
    requires io.vhost4j.core;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports io.vhost4j.virtiouser;
}
