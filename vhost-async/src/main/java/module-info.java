// SPDX-License-Identifier: BSD-3-Clause

/** Asynchronous copies between packets and guest memory. */
module io.vhost4j.asynccopy {
    requires io.vhost4j;
    requires io.vhost4j.core;
    requires org.slf4j;
    requires static org.jspecify;
}
