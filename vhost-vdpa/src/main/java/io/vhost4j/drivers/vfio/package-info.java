// SPDX-License-Identifier: BSD-3-Clause

/** PCI devices through VFIO: DMA, registers, interrupts. */
@NullMarked
package io.vhost4j.drivers.vfio;

import org.jspecify.annotations.NullMarked;
