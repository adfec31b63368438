// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.testkit;

import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.RingSetup;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** The driver's side of a split virtqueue, virtio 1.2 §2.7. */
public final class SplitDriver implements DriverRing {
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;

    private final GuestImage image;
    private final int size;
    private final long desc;
    private final long avail;
    private final long used;
    private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
    private final List<List<Integer>> slotsOfHead = new ArrayList<>();
    private final ArrayDeque<Integer> headsInOrder = new ArrayDeque<>();
    private int availIdx;
    private int usedIdx;
    private int notifiedIdx;

    /** A ring whose indices both start at {@code first}. */
    public SplitDriver(GuestImage image, int size, int first) {
        this.image = image;
        this.size = size;
        desc = image.allocateWhole(16L * size, 16);
        avail = image.allocateWhole(6 + 2L * size, 2);
        used = image.allocateWhole(6 + 8L * size, 4);
        for (int i = 0; i < size; i++) {
            freeSlots.add(i);
            slotsOfHead.add(List.of());
        }
        availIdx = first;
        usedIdx = first;
        notifiedIdx = first;
        image.set(avail + 2, 2, first);
        image.set(used + 2, 2, first);
    }

    @Override
    public RingSetup setup(long features) {
        return setup(features, availIdx);
    }

    @Override
    public RingSetup setup(long features, int base) {
        return new RingSetup(
                false,
                size,
                image.host(desc, 16L * size),
                image.host(avail, 6 + 2L * size),
                image.host(used, 6 + 8L * size),
                features,
                base);
    }

    /** Writes descriptor {@code slot} of the table at {@code table}. */
    public void describe(long table, int slot, long gpa, long bytes, int flags, int next) {
        image.set(table + 16L * slot, 8, gpa);
        image.set(table + 16L * slot + 8, 4, bytes);
        image.set(table + 16L * slot + 12, 2, flags);
        image.set(table + 16L * slot + 14, 2, next);
    }

    /** Puts {@code head} into the available ring. */
    public void offer(int head) {
        image.set(avail + 4 + 2L * (availIdx % size), 2, head);
        setAvailIdx(availIdx + 1);
    }

    /** Writes the available index, whatever is in the ring. */
    public void setAvailIdx(int idx) {
        availIdx = idx & 0xFFFF;
        VarHandle.releaseFence();
        HostWindow.setShort(image.host(avail + 2, 2), availIdx);
    }

    /** The available index. */
    public int availIdx() {
        return availIdx;
    }

    @Override
    public int add(List<Buffer> buffers) {
        return addMixed(buffers, List.of(), 0);
    }

    @Override
    public int addIndirect(List<Buffer> buffers, long table) {
        return addMixed(List.of(), buffers, table);
    }

    /** Plain descriptors and after them one for a table, §2.7.5.3.2. */
    public int addMixed(List<Buffer> direct, List<Buffer> indirect, long table) {
        List<Integer> slots = new ArrayList<>();
        int needed = direct.size() + (indirect.isEmpty() ? 0 : 1);
        for (int i = 0; i < needed; i++) {
            slots.add(freeSlots.remove());
        }
        for (int i = 0; i < direct.size(); i++) {
            Buffer buffer = direct.get(i);
            boolean more = i + 1 < needed;
            int flags = (buffer.writable() ? WRITE : 0) | (more ? NEXT : 0);
            describe(desc, slots.get(i), buffer.gpa(), buffer.bytes(), flags, more ? slots.get(i + 1) : 0);
        }
        if (!indirect.isEmpty()) {
            // written back to front, so that entries do not follow each other by accident
            int count = indirect.size();
            for (int i = 0; i < count; i++) {
                Buffer buffer = indirect.get(i);
                int flags = (buffer.writable() ? WRITE : 0) | (i + 1 < count ? NEXT : 0);
                describe(table, entry(i, count), buffer.gpa(), buffer.bytes(), flags, entry(i + 1, count));
            }
            describe(desc, slots.getLast(), table, 16L * count, INDIRECT, 0);
        }
        slotsOfHead.set(slots.getFirst(), slots);
        headsInOrder.add(slots.getFirst());
        offer(slots.getFirst());
        return slots.getFirst();
    }

    /** The first entry is entry 0; the others follow from the end. */
    private static int entry(int position, int count) {
        return position == 0 ? 0 : Math.max(0, count - position);
    }

    @Override
    public int room() {
        return freeSlots.size();
    }

    @Override
    public List<Used> collect() {
        List<Used> all = new ArrayList<>();
        int deviceIdx = HostWindow.getShort(image.host(used + 2, 2));
        VarHandle.acquireFence();
        while (usedIdx != deviceIdx) {
            long entry = used + 4 + 8L * (usedIdx % size);
            int head = (int) image.get(entry, 4);
            headsInOrder.remove(head);
            all.add(giveBack(head, image.get(entry + 4, 4)));
        }
        return all;
    }

    @Override
    public List<Used> collectInOrder() {
        List<Used> all = new ArrayList<>();
        int deviceIdx = HostWindow.getShort(image.host(used + 2, 2));
        VarHandle.acquireFence();
        while (usedIdx != deviceIdx) {
            long entry = used + 4 + 8L * (usedIdx % size);
            int last = (int) image.get(entry, 4);
            long written = image.get(entry + 4, 4);
            int head;
            do {
                head = headsInOrder.remove();
                all.add(giveBack(head, head == last ? written : -1));
            } while (head != last);
        }
        return all;
    }

    private Used giveBack(int head, long written) {
        List<Integer> slots = slotsOfHead.get(head);
        if (slots.isEmpty()) {
            throw new AssertionError("the device used head " + head + ", which it did not have");
        }
        slotsOfHead.set(head, List.of());
        freeSlots.addAll(slots);
        usedIdx = (usedIdx + 1) & 0xFFFF;
        return new Used(head, written);
    }

    @Override
    public void wantNoNotification(boolean eventIdx) {
        image.set(avail, 2, eventIdx ? 0 : 1);
        setUsedEvent(usedIdx - 1);
    }

    @Override
    public void wantNotification(boolean eventIdx) {
        image.set(avail, 2, 0);
        setUsedEvent(usedIdx);
    }

    @Override
    public void wantNotificationAfter(int chains) {
        setUsedEvent(usedIdx + chains - 1);
    }

    /** §2.7.10: {@code used_event} is after the entries of the available ring. */
    private void setUsedEvent(int idx) {
        image.set(avail + 4 + 2L * size, 2, idx & 0xFFFF);
    }

    @Override
    public boolean deviceWantsNotification(boolean eventIdx) {
        int before = notifiedIdx;
        notifiedIdx = availIdx;
        if (!eventIdx) {
            return image.get(used, 2) == 0;
        }
        int event = (int) image.get(used + 4 + 8L * size, 2);
        for (int idx = before; idx != availIdx; idx = (idx + 1) & 0xFFFF) {
            if (idx == event) {
                return true;
            }
        }
        return false;
    }

    @Override
    public long descGpa() {
        return desc;
    }

    /** Guest address of the available ring. */
    public long availGpa() {
        return avail;
    }

    /** Guest address of the used ring. */
    public long usedGpa() {
        return used;
    }
}
