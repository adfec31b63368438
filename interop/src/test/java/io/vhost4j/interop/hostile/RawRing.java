// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

/** The driver's side of one ring, without any of the rules. Split and packed. */
final class RawRing {
    static final int NEXT = 1;
    static final int WRITE = 2;
    static final int INDIRECT = 4;
    static final int AVAIL = 1 << 7;
    static final int USED = 1 << 15;

    private static final long STRIDE = 0x4_0000;
    private static final long DRIVER = 0x1_0000;
    private static final long DEVICE = 0x2_0000;

    final int queue;
    final int size;
    final boolean packed;
    private final Ram ram;
    private final long at;
    /** Free-running: the next entry to fill. Packed: counted in descriptors. */
    int next;

    RawRing(Ram ram, int queue, int size, boolean packed) {
        this.ram = ram;
        this.queue = queue;
        this.size = size;
        this.packed = packed;
        at = queue * STRIDE;
    }

    long descAt(int slot) {
        return at + 16L * slot;
    }

    long driverAt() {
        return at + DRIVER;
    }

    long deviceAt() {
        return at + DEVICE;
    }

    /** The position to tell the back-end at the start. */
    long firstBase() {
        return packed ? 0x8000_8000L : 0;
    }

    /** Writes a descriptor: of a split ring with a successor, of a packed one in the available state with the id of its slot. */
    void desc(int slot, long addr, long len, int flags, int successor) {
        if (packed) {
            packed(slot, addr, len, slot % size, flags);
        } else {
            ram.desc(descAt(slot), addr, len, flags, successor);
        }
    }

    /** Writes a packed descriptor at a free-running place. */
    void packed(int place, long addr, long len, int id, int flags) {
        ram.packedDesc(descAt(place % size), addr, len, id, flags | available(place));
    }

    /** The bits that make a packed descriptor available. */
    int available(int place) {
        return place / size % 2 == 0 ? AVAIL : USED;
    }

    /** Puts a head into the next entry of a split ring, without telling of it. */
    void entry(int head) {
        ram.u16(driverAt() + 4 + 2L * (next % size), head);
        next++;
    }

    /** Tells of the entries so far. */
    void publish() {
        publish(next);
    }

    /** Tells of any number of entries. */
    void publish(int idx) {
        ram.u16Release(driverAt() + 2, idx);
    }

    /** Makes one buffer available. */
    void add(long addr, long len, int flags) {
        if (packed) {
            packed(next, addr, len, next % size, flags);
            next++;
            return;
        }
        int slot = next % size;
        ram.desc(descAt(slot), addr, len, flags, 0);
        entry(slot);
        publish();
    }

    /** What the device has given back, as it counts: split the index, packed whether the descriptor at a place is used. */
    int usedIdx() {
        return ram.u16(deviceAt() + 2);
    }

    /** Whether the device has given back the chain that starts at a place. */
    boolean isUsed(int place) {
        if (!packed) {
            return ((usedIdx() - place) & 0xFFFF) - 1 < 0x7FFF && usedIdx() != (place & 0xFFFF);
        }
        int flags = ram.u16(descAt(place % size) + 14);
        boolean lap = place / size % 2 == 0;
        return (flags & AVAIL) != 0 == lap && (flags & USED) != 0 == lap;
    }
}
