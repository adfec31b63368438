// SPDX-License-Identifier: BSD-3-Clause

/** The only place that links C symbols: descriptors, mappings, sockets, events, errno. */
@NullMarked
package io.vhost4j.core.linux;

import org.jspecify.annotations.NullMarked;
