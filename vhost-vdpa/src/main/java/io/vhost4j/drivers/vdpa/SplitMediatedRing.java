// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.HostWindow;
import java.lang.invoke.VarHandle;
import java.util.BitSet;

/** A split ring between guest and device: the descriptor table is the guest's, the available and used rings are two. */
final class SplitMediatedRing extends MediatedRing {
    private static final int ALIGN = 64;
    private static final int INDEX = 0xffff;

    private final int mask;
    private final long usedOffset;
    /** Heads that the device has. */
    private final BitSet taken;

    private int outstanding;
    private int guestAvail;
    private int guestUsed;
    private int deviceAvail;
    private int deviceUsed;

    SplitMediatedRing(RingInfo guest, GuestMemory memory, long host, long iova, boolean eventIdx) {
        super(guest, memory, host, iova, eventIdx);
        mask = size - 1;
        usedOffset = align(SplitLayout.availBytes(size));
        taken = new BitSet(size);
        guestAvail = guest.availPosition();
        guestUsed = HostWindow.getShort(guest.device() + SplitLayout.RING_IDX);
    }

    static long bytes(int size) {
        return align(SplitLayout.availBytes(size)) + SplitLayout.usedBytes(size);
    }

    private static long align(long bytes) {
        return (bytes + ALIGN - 1) & -ALIGN;
    }

    @Override
    public long descIova() {
        return guest.descGpa();
    }

    @Override
    public long driverIova() {
        return iova;
    }

    @Override
    public long deviceIova() {
        return iova + usedOffset;
    }

    @Override
    public int startState() {
        return 0;
    }

    @Override
    void logState() {
        markUsed(0, SplitLayout.usedBytes(size));
    }

    @Override
    boolean carryAvailable() {
        // acquire: pairs with the driver's release of avail.idx
        int ready = (HostWindow.getShortAcquire(guest.driver() + SplitLayout.RING_IDX) - guestAvail) & INDEX;
        if (ready + outstanding > size) {
            throw guestLied(ready + " new chains and " + outstanding + " with the device, of " + size);
        }
        for (int i = 0; i < ready; i++) {
            int head = HostWindow.getShort(guest.driver()
                    + SplitLayout.RING_ENTRIES
                    + ((long) (guestAvail & mask) << SplitLayout.AVAIL_SHIFT));
            if (head >= size || taken.get(head)) {
                throw guestLied("head " + head + " is none, or with the device already");
            }
            taken.set(head);
            HostWindow.setShort(
                    host + SplitLayout.RING_ENTRIES + ((long) (deviceAvail & mask) << SplitLayout.AVAIL_SHIFT), head);
            guestAvail = (guestAvail + 1) & INDEX;
            deviceAvail = (deviceAvail + 1) & INDEX;
            outstanding++;
        }
        if (ready > 0) {
            HostWindow.setShortRelease(host + SplitLayout.RING_IDX, deviceAvail);
            VarHandle.fullFence();
        }
        return ready > 0;
    }

    @Override
    void askGuest() {
        HostWindow.setShort(guest.device() + SplitLayout.RING_FLAGS, 0);
        if (eventIdx) {
            HostWindow.setShort(guest.device() + SplitLayout.availEvent(size), guestAvail);
            markUsed(SplitLayout.availEvent(size), Short.BYTES);
        }
        // pairs with the driver's fence between avail.idx and its look at the event
        VarHandle.fullFence();
    }

    @Override
    boolean carryUsed() {
        long used = host + usedOffset;
        int ready = (HostWindow.getShortAcquire(used + SplitLayout.RING_IDX) - deviceUsed) & INDEX;
        if (ready > outstanding) {
            throw deviceLied(ready + " chains used of " + outstanding + " that it has");
        }
        int before = guestUsed;
        for (int i = 0; i < ready; i++) {
            long from = used + SplitLayout.usedEntry(deviceUsed & mask);
            long id = HostWindow.getUnsignedInt(from);
            if (id >= size || !taken.get((int) id)) {
                throw deviceLied("id " + id + " is none that it has");
            }
            taken.clear((int) id);
            logChain((int) id);
            long offset = SplitLayout.usedEntry(guestUsed & mask);
            HostWindow.setInt(guest.device() + offset, (int) id);
            HostWindow.setInt(
                    guest.device() + offset + SplitLayout.USED_LEN, HostWindow.getInt(from + SplitLayout.USED_LEN));
            markUsed(offset, 1L << SplitLayout.USED_SHIFT);
            guestUsed = (guestUsed + 1) & INDEX;
            deviceUsed = (deviceUsed + 1) & INDEX;
            outstanding--;
        }
        if (ready > 0) {
            HostWindow.setShortRelease(guest.device() + SplitLayout.RING_IDX, guestUsed);
            markUsed(SplitLayout.RING_IDX, Short.BYTES);
        }
        if (eventIdx) {
            // the device is to interrupt at the next one
            HostWindow.setShort(host + SplitLayout.usedEvent(size), deviceUsed);
        }
        VarHandle.fullFence();
        return ready > 0 && wantsCall(before);
    }

    private boolean wantsCall(int before) {
        if (!eventIdx) {
            return (HostWindow.getShort(guest.driver() + SplitLayout.RING_FLAGS) & SplitLayout.AVAIL_NO_INTERRUPT) == 0;
        }
        int event = HostWindow.getShort(guest.driver() + SplitLayout.usedEvent(size));
        return ((guestUsed - event - 1) & INDEX) < ((guestUsed - before) & INDEX);
    }

    private void logChain(int head) {
        if (log == null) {
            return;
        }
        int slot = head;
        for (int step = 0; step < size && slot < size; step++) {
            long at = guest.desc() + ((long) slot << SplitLayout.DESC_SHIFT);
            long gpa = HostWindow.getLong(at + SplitLayout.DESC_ADDR);
            long bytes = HostWindow.getUnsignedInt(at + SplitLayout.DESC_LEN);
            int flags = HostWindow.getShort(at + SplitLayout.DESC_FLAGS);
            if ((flags & DescFlags.INDIRECT) != 0) {
                markTable(gpa, bytes, true);
            } else if ((flags & DescFlags.WRITE) != 0) {
                markBuffer(gpa, bytes);
            }
            if ((flags & DescFlags.NEXT) == 0) {
                return;
            }
            slot = HostWindow.getShort(at + SplitLayout.DESC_NEXT);
        }
    }

    @Override
    public int base() {
        return guestUsed;
    }
}
