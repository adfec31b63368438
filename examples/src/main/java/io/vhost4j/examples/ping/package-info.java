// SPDX-License-Identifier: BSD-3-Clause

/** The {@code ping} command: ICMP echo through a vhost-user back-end. */
@NullMarked
package io.vhost4j.examples.ping;

import org.jspecify.annotations.NullMarked;
