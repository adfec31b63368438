// SPDX-License-Identifier: BSD-3-Clause

/** Packet buffers outside the Java heap. */
@NullMarked
package io.vhost4j.core.pool;

import org.jspecify.annotations.NullMarked;
