// SPDX-License-Identifier: BSD-3-Clause

/** Asynchronous copy data path and the DMA channels that ship with the library. */
@NullMarked
package io.vhost4j.asynccopy;

import org.jspecify.annotations.NullMarked;
