// SPDX-License-Identifier: BSD-3-Clause

/** The vDPA bus and the drivers of vDPA devices. */
@NullMarked
package io.vhost4j.drivers.vdpa;

import org.jspecify.annotations.NullMarked;
