// SPDX-License-Identifier: BSD-3-Clause

/** VDUSE: the kernel's vDPA bus as a front-end, so that a driver's data path is a device of this or another machine's kernel. */
@NullMarked
package io.vhost4j.drivers.vduse;

import org.jspecify.annotations.NullMarked;
