// SPDX-License-Identifier: BSD-3-Clause

/** A machine with VFIO and a virtio device, simulated at the level of system calls and registers; a guest without a front-end. */
@NullMarked
package io.vhost4j.drivers.testkit;

import org.jspecify.annotations.NullMarked;
