// SPDX-License-Identifier: BSD-3-Clause

/** Devices of the kernel's vDPA bus, through {@code /dev/vhost-vdpa-N}. */
@NullMarked
package io.vhost4j.drivers.kernel;

import org.jspecify.annotations.NullMarked;
