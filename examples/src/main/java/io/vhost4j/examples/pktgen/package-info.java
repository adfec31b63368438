// SPDX-License-Identifier: BSD-3-Clause

/** The {@code pktgen} command: a traffic generator and checker over virtio-user. */
@NullMarked
package io.vhost4j.examples.pktgen;

import org.jspecify.annotations.NullMarked;
