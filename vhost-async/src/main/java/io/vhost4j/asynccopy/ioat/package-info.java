// SPDX-License-Identifier: BSD-3-Clause

/** Intel's I/OAT (Crystal Beach) DMA engines through VFIO. */
@NullMarked
package io.vhost4j.asynccopy.ioat;

import org.jspecify.annotations.NullMarked;
