// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

/**
 * One kind of traffic over one kind of ring.
 *
 * @param bytes length of the packets, without CRC
 * @param vectorized the front-end uses its vector receive and transmit functions
 */
record Cell(RingKind ring, Traffic traffic, int bytes, boolean mergeable, boolean inOrder, boolean vectorized) {
    /**
     * Whether the front-end has vector functions for it: DPDK's virtio-user needs rings without mergeable buffers for them, and takes
     * packed rings only with, split rings only without in-order use.
     */
    boolean possible() {
        return !vectorized || (!mergeable && inOrder == (ring == RingKind.PACKED));
    }

    @Override
    public String toString() {
        return ring + " " + traffic + " " + bytes + " B"
                + (mergeable ? ", mrg" : "")
                + (inOrder ? ", in-order" : "")
                + (vectorized ? ", vector" : "");
    }
}
