// SPDX-License-Identifier: BSD-3-Clause

/** The DMA channels that ship with the library: threads, engines, and the CPU itself. */
@NullMarked
package io.vhost4j.asynccopy;

import org.jspecify.annotations.NullMarked;
