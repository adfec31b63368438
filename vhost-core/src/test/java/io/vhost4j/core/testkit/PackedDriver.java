// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.testkit;

import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.RingSetup;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The driver's side of a packed virtqueue, virtio 1.2 §2.8. */
public final class PackedDriver implements DriverRing {
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;
    private static final int AVAIL = 1 << 7;
    private static final int USED = 1 << 15;

    private final GuestImage image;
    private final int size;
    private final long desc;
    private final long driverEvent;
    private final long deviceEvent;
    private final ArrayDeque<Integer> freeIds = new ArrayDeque<>();
    private final ArrayDeque<Integer> idsInOrder = new ArrayDeque<>();
    private final int[] slotsOfId;
    private int freeSlots;
    private int nextSlot;
    private boolean wrap;
    private int usedSlot;
    private boolean usedWrap;
    private int notifiedSlot;
    private boolean notifiedWrap;

    /** A ring at slot {@code first} with wrap counter {@code firstWrap}, for both sides. */
    public PackedDriver(GuestImage image, int size, int first, boolean firstWrap) {
        this.image = image;
        this.size = size;
        desc = image.allocateWhole(16L * size, 16);
        driverEvent = image.allocateWhole(4, 4);
        deviceEvent = image.allocateWhole(4, 4);
        // what was used on the lap before this position was left in the state used, §2.8.1
        for (int slot = 0; slot < size; slot++) {
            boolean lap = slot < first ? firstWrap : !firstWrap;
            image.set(desc + 16L * slot + 14, 2, lap ? AVAIL | USED : 0);
        }
        slotsOfId = new int[size];
        for (int id = size - 1; id >= 0; id--) {
            freeIds.add(id);
        }
        freeSlots = size;
        nextSlot = first;
        wrap = firstWrap;
        usedSlot = first;
        usedWrap = firstWrap;
        notifiedSlot = first;
        notifiedWrap = firstWrap;
    }

    /** The position of both sides as SET_VRING_BASE has it. */
    public int base() {
        int avail = nextSlot | (wrap ? 0x8000 : 0);
        int used = usedSlot | (usedWrap ? 0x8000 : 0);
        return avail | used << 16;
    }

    @Override
    public RingSetup setup(long features) {
        return setup(features, base());
    }

    @Override
    public RingSetup setup(long features, int base) {
        return new RingSetup(
                true,
                size,
                image.host(desc, 16L * size),
                image.host(driverEvent, 4),
                image.host(deviceEvent, 4),
                features,
                base);
    }

    /** Writes a descriptor at {@code at}, the flags last. */
    public void describe(long at, long gpa, long bytes, int id, int flags) {
        image.set(at, 8, gpa);
        image.set(at + 8, 4, bytes);
        image.set(at + 12, 2, id);
        VarHandle.releaseFence();
        if (image.memory().toHost(at + 14, 2) != 0) {
            HostWindow.setShort(image.host(at + 14, 2), flags);
        } else {
            image.set(at + 14, 2, flags);
        }
    }

    /** The bits of an available descriptor in slot {@code position}, counted from the next one. */
    public int availableBits(int position) {
        boolean lap = wrap ^ (nextSlot + position >= size);
        return lap ? AVAIL : USED;
    }

    /** Guest address of the descriptor {@code position} after the next one to fill. */
    public long slotGpa(int position) {
        return desc + 16L * ((nextSlot + position) % size);
    }

    @Override
    public int add(List<Buffer> buffers) {
        int id = takeId(buffers.size());
        int count = buffers.size();
        // the head last: the device may go on as soon as it sees its flags
        for (int i = count - 1; i >= 0; i--) {
            Buffer buffer = buffers.get(i);
            int flags = (buffer.writable() ? WRITE : 0) | (i + 1 < count ? NEXT : 0) | availableBits(i);
            // the id counts in the last descriptor of a chain only, §2.8.6
            describe(slotGpa(i), buffer.gpa(), buffer.bytes(), i + 1 < count ? 0xDEAD : id, flags);
        }
        advance(count);
        return id;
    }

    @Override
    public int addIndirect(List<Buffer> buffers, long table) {
        int id = takeId(1);
        for (int i = 0; i < buffers.size(); i++) {
            Buffer buffer = buffers.get(i);
            // only the write flag counts in a table, and the id does not, §2.8.7
            describe(table + 16L * i, buffer.gpa(), buffer.bytes(), 0xBEEF, buffer.writable() ? WRITE : 0);
        }
        describe(slotGpa(0), table, 16L * buffers.size(), id, INDIRECT | availableBits(0));
        advance(1);
        return id;
    }

    private int takeId(int slots) {
        if (slots > freeSlots) {
            throw new IllegalStateException("the ring is full");
        }
        int id = freeIds.remove();
        slotsOfId[id] = slots;
        idsInOrder.add(id);
        freeSlots -= slots;
        return id;
    }

    /** Moves on by {@code slots}. */
    public void advance(int slots) {
        nextSlot += slots;
        if (nextSlot >= size) {
            nextSlot -= size;
            wrap = !wrap;
        }
    }

    @Override
    public int room() {
        return freeSlots;
    }

    @Override
    public List<Used> collect() {
        List<Used> all = new ArrayList<>();
        for (Used next = nextUsed(); next != null; next = nextUsed()) {
            idsInOrder.remove(next.token());
            all.add(giveBack(next));
        }
        return all;
    }

    @Override
    public List<Used> collectInOrder() {
        List<Used> all = new ArrayList<>();
        for (Used last = nextUsed(); last != null; last = nextUsed()) {
            int id = idsInOrder.remove();
            while (id != last.token()) {
                all.add(giveBack(new Used(id, -1)));
                id = idsInOrder.remove();
            }
            all.add(giveBack(last));
        }
        return all;
    }

    private @Nullable Used nextUsed() {
        long at = desc + 16L * usedSlot;
        int flags = HostWindow.getShort(image.host(at + 14, 2));
        VarHandle.acquireFence();
        boolean avail = (flags & AVAIL) != 0;
        boolean used = (flags & USED) != 0;
        if (avail != used || used != usedWrap || freeSlots == size) {
            return null;
        }
        // the length counts only if the device says that it wrote
        return new Used((int) image.get(at + 12, 2), (flags & WRITE) != 0 ? image.get(at + 8, 4) : 0);
    }

    private Used giveBack(Used chain) {
        int id = chain.token();
        if (id >= size || slotsOfId[id] == 0) {
            throw new AssertionError("the device used id " + id + ", which it did not have");
        }
        freeIds.add(id);
        freeSlots += slotsOfId[id];
        usedSlot += slotsOfId[id];
        slotsOfId[id] = 0;
        if (usedSlot >= size) {
            usedSlot -= size;
            usedWrap = !usedWrap;
        }
        return chain;
    }

    @Override
    public void wantNoNotification(boolean eventIdx) {
        image.set(driverEvent + 2, 2, 1);
    }

    @Override
    public void wantNotification(boolean eventIdx) {
        if (eventIdx) {
            wantNotificationAfter(1);
        } else {
            image.set(driverEvent + 2, 2, 0);
        }
    }

    @Override
    public void wantNotificationAfter(int slots) {
        int slot = usedSlot + slots - 1;
        boolean lap = usedWrap ^ (slot >= size);
        image.set(driverEvent, 2, slot % size | (lap ? 0x8000 : 0));
        image.set(driverEvent + 2, 2, 2);
    }

    @Override
    public boolean deviceWantsNotification(boolean eventIdx) {
        int slot = notifiedSlot;
        boolean lap = notifiedWrap;
        notifiedSlot = nextSlot;
        notifiedWrap = wrap;
        int flags = (int) image.get(deviceEvent + 2, 2);
        if (flags != 2) {
            return flags == 0;
        }
        int event = (int) image.get(deviceEvent, 2);
        while (slot != nextSlot || lap != wrap) {
            if (event == (slot | (lap ? 0x8000 : 0))) {
                return true;
            }
            if (++slot == size) {
                slot = 0;
                lap = !lap;
            }
        }
        return false;
    }

    @Override
    public long descGpa() {
        return desc;
    }
}
