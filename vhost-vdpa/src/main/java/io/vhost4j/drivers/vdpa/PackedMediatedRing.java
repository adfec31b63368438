// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.HostWindow;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * A packed ring between guest and device: each has a descriptor ring, and a chain is copied from one to the other. A copy that neither
 * can change tells what to mark when the device has used the chain.
 */
final class PackedMediatedRing extends MediatedRing {
    private static final int NONE = -1;
    private static final int KEPT_FLAGS = DescFlags.NEXT | DescFlags.WRITE | DescFlags.INDIRECT;
    private static final int INDEX = 0xffff;

    private final Position guestAvail;
    private final Position guestUsed;
    private final Position deviceAvail = new Position(0, true);
    private final Position deviceUsed = new Position(0, true);
    private final long eventOffset;

    // chains that the device has, by buffer id: how many descriptors, and the first of its copies
    private final int[] slots;
    private final int[] firstCopy;
    // copies, linked to chains or to the free ones
    private final long[] copyGpa;
    private final long[] copyBytes;
    private final int[] copyFlags;
    private final int[] nextCopy;
    private int freeCopy;
    private int freeSlots;

    /** A place in a packed ring. */
    private final class Position {
        int slot;
        boolean wrap;

        Position(int slot, boolean wrap) {
            this.slot = slot;
            this.wrap = wrap;
        }

        /** From 16 bits of a ring base. */
        Position(int bits) {
            this(bits & ~PackedLayout.WRAP_BIT & INDEX, (bits & PackedLayout.WRAP_BIT) != 0);
        }

        void advance(int by) {
            slot += by;
            if (slot >= size) {
                slot -= size;
                wrap = !wrap;
            }
        }

        int bits() {
            return slot | (wrap ? PackedLayout.WRAP_BIT : 0);
        }

        boolean isAvailable(int flags) {
            return ((flags & PackedLayout.FLAG_AVAIL) != 0) == wrap && ((flags & PackedLayout.FLAG_USED) != 0) != wrap;
        }

        boolean isUsed(int flags) {
            return ((flags & PackedLayout.FLAG_AVAIL) != 0) == wrap && ((flags & PackedLayout.FLAG_USED) != 0) == wrap;
        }

        int availableFlags() {
            return wrap ? PackedLayout.FLAG_AVAIL : PackedLayout.FLAG_USED;
        }

        int usedFlags() {
            return wrap ? PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED : 0;
        }
    }

    PackedMediatedRing(RingInfo guest, GuestMemory memory, long host, long iova, boolean eventIdx) {
        super(guest, memory, host, iova, eventIdx);
        guestAvail = new Position(guest.base());
        guestUsed = new Position(guest.base() >>> 16);
        if (guestAvail.slot >= size || guestUsed.slot >= size) {
            throw guestLied("base 0x" + Integer.toHexString(guest.base()) + " is outside of " + size);
        }
        eventOffset = PackedLayout.descBytes(size);
        slots = new int[size];
        firstCopy = new int[size];
        copyGpa = new long[size];
        copyBytes = new long[size];
        copyFlags = new int[size];
        nextCopy = new int[size];
        Arrays.setAll(nextCopy, i -> i + 1 < size ? i + 1 : NONE);
        freeSlots = size;
    }

    static long bytes(int size) {
        return PackedLayout.descBytes(size) + 2L * PackedLayout.EVENT_BYTES;
    }

    @Override
    public long descIova() {
        return iova;
    }

    @Override
    public long driverIova() {
        return iova + eventOffset;
    }

    @Override
    public long deviceIova() {
        return iova + eventOffset + PackedLayout.EVENT_BYTES;
    }

    @Override
    public int startState() {
        return PackedLayout.WRAP_BIT << 16 | PackedLayout.WRAP_BIT;
    }

    @Override
    void logState() {
        markUsed(0, PackedLayout.EVENT_BYTES);
        if (log != null) {
            log.mark(guest.descGpa(), PackedLayout.descBytes(size));
        }
    }

    private static long at(long ring, int slot) {
        return ring + ((long) slot << PackedLayout.DESC_SHIFT);
    }

    @Override
    boolean carryAvailable() {
        boolean moved = false;
        while (true) {
            // acquire: pairs with the driver's release of the first descriptor's flags; even, as the ring is aligned
            int flags = HostWindow.getShortAcquire(at(guest.desc(), guestAvail.slot) + PackedLayout.DESC_FLAGS);
            if (!guestAvail.isAvailable(flags)) {
                return moved;
            }
            carryChain(flags);
            moved = true;
        }
    }

    private void carryChain(int firstFlags) {
        long head = at(host, deviceAvail.slot) + PackedLayout.DESC_FLAGS;
        final int headFlags = deviceAvail.availableFlags() | firstFlags & KEPT_FLAGS;
        int first = NONE;
        int last = NONE;
        int count = 0;
        int id;
        int flags = firstFlags;
        do {
            if (count > 0) {
                flags = HostWindow.getShort(at(guest.desc(), guestAvail.slot) + PackedLayout.DESC_FLAGS);
            }
            if (freeCopy == NONE || count == freeSlots) {
                throw guestLied("a chain of more than the " + freeSlots + " descriptors that are free");
            }
            int copy = freeCopy;
            freeCopy = nextCopy[copy];
            nextCopy[copy] = NONE;
            if (last == NONE) {
                first = copy;
            } else {
                nextCopy[last] = copy;
            }
            last = copy;
            id = carryDescriptor(copy, flags, count > 0);
            count++;
        } while ((flags & DescFlags.NEXT) != 0);
        if (id >= size || slots[id] != 0) {
            throw guestLied("buffer id " + id + " is none, or with the device already");
        }
        slots[id] = count;
        firstCopy[id] = first;
        freeSlots -= count;
        HostWindow.setShortRelease(head, headFlags);
        VarHandle.fullFence();
    }

    /** Copies the descriptor at hand; its flags too, if it is not the first of its chain. Returns the id. */
    private int carryDescriptor(int copy, int flags, boolean withFlags) {
        long from = at(guest.desc(), guestAvail.slot);
        long to = at(host, deviceAvail.slot);
        copyGpa[copy] = HostWindow.getLong(from + PackedLayout.DESC_ADDR);
        copyBytes[copy] = HostWindow.getUnsignedInt(from + PackedLayout.DESC_LEN);
        copyFlags[copy] = flags;
        int id = HostWindow.getShort(from + PackedLayout.DESC_ID);
        HostWindow.setLong(to + PackedLayout.DESC_ADDR, copyGpa[copy]);
        HostWindow.setInt(to + PackedLayout.DESC_LEN, (int) copyBytes[copy]);
        HostWindow.setShort(to + PackedLayout.DESC_ID, id);
        if (withFlags) {
            HostWindow.setShort(to + PackedLayout.DESC_FLAGS, deviceAvail.availableFlags() | flags & KEPT_FLAGS);
        }
        guestAvail.advance(1);
        deviceAvail.advance(1);
        return id;
    }

    @Override
    void askGuest() {
        HostWindow.setShort(guest.device() + PackedLayout.EVENT_FLAGS, PackedLayout.EVENT_ENABLE);
        markUsed(0, PackedLayout.EVENT_BYTES);
        VarHandle.fullFence();
    }

    @Override
    boolean carryUsed() {
        int before = guestUsed.slot;
        boolean moved = false;
        while (true) {
            long from = at(host, deviceUsed.slot);
            int flags = HostWindow.getShortAcquire(from + PackedLayout.DESC_FLAGS);
            if (freeSlots == size || !deviceUsed.isUsed(flags)) {
                break;
            }
            int id = HostWindow.getShort(from + PackedLayout.DESC_ID);
            if (id >= size || slots[id] == 0) {
                throw deviceLied("buffer id " + id + " is none that it has");
            }
            giveBack(id, HostWindow.getInt(from + PackedLayout.DESC_LEN), flags & DescFlags.WRITE);
            moved = true;
        }
        VarHandle.fullFence();
        return moved && wantsCall(before);
    }

    private void giveBack(int id, int written, int writeFlag) {
        int count = slots[id];
        slots[id] = 0;
        freeSlots += count;
        int copy = firstCopy[id];
        while (copy != NONE) {
            if ((copyFlags[copy] & DescFlags.INDIRECT) != 0) {
                markTable(copyGpa[copy], copyBytes[copy], false);
            } else if ((copyFlags[copy] & DescFlags.WRITE) != 0) {
                markBuffer(copyGpa[copy], copyBytes[copy]);
            }
            int next = nextCopy[copy];
            nextCopy[copy] = freeCopy;
            freeCopy = copy;
            copy = next;
        }
        long to = at(guest.desc(), guestUsed.slot);
        HostWindow.setShort(to + PackedLayout.DESC_ID, id);
        HostWindow.setInt(to + PackedLayout.DESC_LEN, written);
        HostWindow.setShortRelease(to + PackedLayout.DESC_FLAGS, guestUsed.usedFlags() | writeFlag);
        if (log != null) {
            log.mark(guest.descGpa() + to - guest.desc(), 1L << PackedLayout.DESC_SHIFT);
        }
        guestUsed.advance(count);
        deviceUsed.advance(count);
    }

    private boolean wantsCall(int before) {
        int flags = HostWindow.getShort(guest.driver() + PackedLayout.EVENT_FLAGS) & 3;
        if (flags != PackedLayout.EVENT_DESC || !eventIdx) {
            return flags != PackedLayout.EVENT_DISABLE;
        }
        int offWrap = HostWindow.getShort(guest.driver() + PackedLayout.EVENT_OFF_WRAP);
        int event = offWrap & ~PackedLayout.WRAP_BIT & INDEX;
        if (((offWrap & PackedLayout.WRAP_BIT) != 0) != guestUsed.wrap) {
            event -= size;
        }
        int from = guestUsed.slot <= before ? before - size : before;
        return ((guestUsed.slot - event - 1) & INDEX) < ((guestUsed.slot - from) & INDEX);
    }

    @Override
    public int base() {
        return guestUsed.bits() << 16 | guestUsed.bits();
    }
}
