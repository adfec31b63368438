// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.testkit;

import io.vhost4j.core.ring.RingSetup;
import java.util.List;

/**
 * A driver's side of a virtqueue, slow and simple, written after virtio 1.2 and not after our device. It keeps to the
 * rules; tests that break them write to the ring by its addresses.
 */
public interface DriverRing {
    /** A buffer of guest memory; {@code writable} by the device. */
    record Buffer(long gpa, long bytes, boolean writable) {}

    /** A chain that the device gave back: what {@link #add} returned for it and the bytes that it says it wrote. */
    record Used(int token, long writtenBytes) {}

    /**
     * A new ring in guest memory.
     *
     * @param size descriptors
     */
    static DriverRing create(boolean packed, GuestImage image, int size) {
        return packed ? new PackedDriver(image, size, 0, true) : new SplitDriver(image, size, 0);
    }

    /** What the device has to be told. */
    RingSetup setup(long features, int base);

    /** What a device has to be told that starts at the driver's first position. */
    RingSetup setup(long features);

    /** Makes a chain of {@code buffers} available; returns a token. There must be room. */
    int add(List<Buffer> buffers);

    /** As {@link #add}, by a table at guest address {@code table}, which must have 16 bytes for each buffer. */
    int addIndirect(List<Buffer> buffers, long table);

    /** Free descriptors. */
    int room();

    /** Takes back what the device used, in the order in which it did. */
    List<Used> collect();

    /**
     * Takes back what a device used that has negotiated IN_ORDER: one used element may tell of all chains up to its own. The
     * bytes of the chains before are -1, not known.
     */
    List<Used> collectInOrder();

    /** Writes the suppression fields: never notify. With the event index: as late as can be. */
    void wantNoNotification(boolean eventIdx);

    /** Writes the suppression fields: notify for everything. With the event index: for the next used one. */
    void wantNotification(boolean eventIdx);

    /** Writes the event index: notify when {@code slots} more than collected so far are used (chains in a split ring). */
    void wantNotificationAfter(int slots);

    /** Whether the device wants to be told of what was added since this was last asked. */
    boolean deviceWantsNotification(boolean eventIdx);

    /** Guest address of the descriptors. */
    long descGpa();
}
