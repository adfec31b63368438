// SPDX-License-Identifier: BSD-3-Clause

/**
 * Asynchronous copies: DMA channels take the copying between packets and guest memory from the thread that polls a ring. See
 * {@link io.vhost4j.async.AsyncRings} for how a ring is served and {@link io.vhost4j.async.DmaEngine} for where channels come from.
 */
@NullMarked
package io.vhost4j.async;

import org.jspecify.annotations.NullMarked;
