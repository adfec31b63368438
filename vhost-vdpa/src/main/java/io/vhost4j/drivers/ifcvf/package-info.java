// SPDX-License-Identifier: BSD-3-Clause

/**
 * Intel's IFCVF, and any PCI device whose registers are those of virtio 1.0: the device serves the rings, its interrupts go to the guest,
 * the guest's notifications to its doorbells.
 */
@NullMarked
package io.vhost4j.drivers.ifcvf;

import org.jspecify.annotations.NullMarked;
