// SPDX-License-Identifier: BSD-3-Clause

/** The {@code forward} command: a back-end that moves packets between vhost-user sockets. */
@NullMarked
package io.vhost4j.examples.forward;

import org.jspecify.annotations.NullMarked;
