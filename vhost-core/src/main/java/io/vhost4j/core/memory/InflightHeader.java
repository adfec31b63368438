// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.InflightLayout;
import java.lang.invoke.VarHandle;

/**
 * What both forms of a ring's part of the in-flight buffer begin with. The field that the specification leaves at 0 holds the features
 * that the ring was negotiated with: chains in flight cannot be read right by a device that has agreed to others.
 */
final class InflightHeader {
    private final long base;
    private final int size;
    private final long features;

    /**
     * The header at host address {@code base}.
     *
     * @param size descriptors of the ring
     * @param features as negotiated; whether writes are logged changes nothing in a ring
     */
    InflightHeader(long base, int size, long features) {
        this.base = base;
        this.size = size;
        this.features = features & ~VirtioFeature.LOG_ALL.mask() | InflightLayout.FEATURES_KNOWN;
    }

    /** Whether nobody has used the buffer yet. */
    boolean isFresh() {
        return HostWindow.getShort(base + InflightLayout.VERSION) == 0;
    }

    /** Makes a fresh buffer a valid one; after all the rest of it was written. */
    void setUp() {
        HostWindow.setLong(base + InflightLayout.FEATURES, features);
        HostWindow.setShort(base + InflightLayout.DESC_NUM, size);
        VarHandle.releaseFence();
        HostWindow.setShort(base + InflightLayout.VERSION, InflightLayout.VERSION_1);
    }

    /**
     * Checks that the buffer can be read.
     *
     * @throws VhostException if it belongs to a ring of another size, kind or format
     */
    void check() {
        long kept = HostWindow.getLong(base + InflightLayout.FEATURES);
        if (isKnown(kept) && VirtioFeature.RING_PACKED.in(kept) != VirtioFeature.RING_PACKED.in(features)) {
            throw mismatch(kept);
        }
        int version = HostWindow.getShort(base + InflightLayout.VERSION);
        int entries = HostWindow.getShort(base + InflightLayout.DESC_NUM);
        if (version != InflightLayout.VERSION_1 || entries != (size & 0xFFFF)) {
            throw new VhostException("in-flight buffer: version=" + version + ", entries=" + entries
                    + ": the ring has size " + size + " and version 1 is understood");
        }
    }

    /**
     * After recovery: the buffer goes on with the features of this ring.
     *
     * @param inFlight chains that were taken and not given back
     * @throws VhostException if there are any, and they were taken with other features
     */
    void goOn(int inFlight) {
        long kept = HostWindow.getLong(base + InflightLayout.FEATURES);
        if (inFlight > 0 && isKnown(kept) && kept != features) {
            throw mismatch(kept);
        }
        HostWindow.setLong(base + InflightLayout.FEATURES, features);
    }

    private static boolean isKnown(long kept) {
        return (kept & InflightLayout.FEATURES_KNOWN) != 0;
    }

    private VhostException mismatch(long kept) {
        long lost = kept & ~features;
        long gained = features & ~kept;
        return new VhostException("in-flight buffer: it was kept for a ring with other features: without "
                + VirtioFeature.setOf(lost) + ", with " + VirtioFeature.setOf(gained)
                + ": the front-end must agree to what it had agreed to before");
    }
}
