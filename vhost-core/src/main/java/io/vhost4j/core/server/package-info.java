// SPDX-License-Identifier: BSD-3-Clause

/** Listening and connecting sockets, reconnection, and the event loop. */
@NullMarked
package io.vhost4j.core.server;

import org.jspecify.annotations.NullMarked;
