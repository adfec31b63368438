// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

/**
 * One kind of traffic over one kind of ring.
 *
 * @param bytes length of the packets, without CRC
 * @param vectorized the front-end uses its vector receive and transmit functions
 */
record Cell(
        RingKind ring,
        Traffic traffic,
        int bytes,
        boolean mergeable,
        boolean inOrder,
        boolean vectorized,
        Shape shape) {
    /** Bytes of data that a buffer of testpmd, of {@code vhost4j forward} and of {@code pktgen} has. */
    static final int BUFFER = 2048;

    /** One device with one queue pair at full rate. */
    Cell(RingKind ring, Traffic traffic, int bytes, boolean mergeable, boolean inOrder, boolean vectorized) {
        this(ring, traffic, bytes, mergeable, inOrder, vectorized, Shape.PLAIN);
    }

    /**
     * Whether the front-end can do it: DPDK's virtio-user needs rings without mergeable buffers for its vector functions, and takes packed
     * rings only with, split rings only without in-order use for them; packets larger than a buffer need mergeable ones; and only packets
     * that come back can be timed.
     */
    boolean possible() {
        boolean vector = !vectorized || (!mergeable && inOrder == (ring == RingKind.PACKED) && !shape.isPaced());
        return vector
                && (bytes <= BUFFER || mergeable)
                && (traffic == Traffic.MACSWAP || !shape.isPaced())
                && (shape.devices() == 1 || shape.isPaced());
    }

    /** The same at a rate; it keeps the load that the rate comes from, unless it is {@link Shape#FULL}. */
    Cell at(long rate) {
        int load = rate == Shape.FULL ? 0 : shape.load();
        return new Cell(
                ring,
                traffic,
                bytes,
                mergeable,
                inOrder,
                vectorized,
                new Shape(shape.queuePairs(), shape.devices(), rate, load));
    }

    @Override
    public String toString() {
        return ring + " " + traffic + " " + bytes + " B"
                + (mergeable ? ", mrg" : "")
                + (inOrder ? ", in-order" : "")
                + (vectorized ? ", vector" : "")
                + shape;
    }
}
