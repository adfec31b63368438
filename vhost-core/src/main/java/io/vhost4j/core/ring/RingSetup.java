// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

/**
 * Where a ring is and how it works. All addresses are this process's, already checked for the whole area.
 *
 * @param packed the layout
 * @param size descriptors
 * @param desc descriptor table or descriptor ring
 * @param driver available ring or driver event suppression
 * @param device used ring or device event suppression
 * @param features negotiated virtio features
 * @param base position to start at, as SET_VRING_BASE gives it: 16 bits for split, 32 bits for packed rings
 */
public record RingSetup(boolean packed, int size, long desc, long driver, long device, long features, int base) {}
