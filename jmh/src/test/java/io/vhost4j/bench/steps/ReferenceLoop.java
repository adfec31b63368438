// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.RingSetup;

/**
 * The least that anybody has to do to take packets out of one ring and put them into another: each descriptor read, each packet copied
 * twice, used buffers told. It believes the guest everything, counts nothing and knows single descriptors only; the yardstick for code that
 * does not.
 */
final class ReferenceLoop implements AutoCloseable {
    private static final int STRIDE = 2048;

    private final RingSetup from;
    private final long fromDelta;
    private final RingSetup to;
    private final long toDelta;
    private final Mapping buffers;
    private final int[] lengths;
    private int fromSlot;
    private int toSlot;
    private boolean fromWrap = true;
    private boolean toWrap = true;

    /** Moves packets from one guest's ring to another's, in bursts. */
    ReferenceLoop(Guest sender, Guest receiver, int burst) {
        from = sender.setup();
        fromDelta = sender.hostOffset();
        to = receiver.setup();
        toDelta = receiver.hostOffset();
        buffers = Mapping.anonymous((long) burst * STRIDE, Mapping.PROT_READ | Mapping.PROT_WRITE, 0);
        lengths = new int[burst];
    }

    /** Moves a burst that is there. */
    void forward() {
        if (from.packed()) {
            takePacked();
            givePacked();
        } else {
            takeSplit();
            giveSplit();
        }
    }

    private void takeSplit() {
        int mask = from.size() - 1;
        long entries = from.driver() + SplitLayout.RING_ENTRIES;
        for (int i = 0; i < lengths.length; i++) {
            int slot = fromSlot + i & mask;
            int head = HostWindow.getShort(entries + ((long) slot << SplitLayout.AVAIL_SHIFT));
            long at = from.desc() + ((long) head << SplitLayout.DESC_SHIFT);
            lengths[i] = HostWindow.getInt(at + SplitLayout.DESC_LEN) - NetHeader.BYTES;
            long data = HostWindow.getLong(at + SplitLayout.DESC_ADDR) + fromDelta + NetHeader.BYTES;
            HostWindow.copy(data, buffer(i), lengths[i]);
            setUsed(from, slot, head, 0);
        }
        fromSlot = fromSlot + lengths.length & 0xFFFF;
        HostWindow.setShortRelease(from.device() + SplitLayout.RING_IDX, fromSlot);
    }

    private void giveSplit() {
        int mask = to.size() - 1;
        long entries = to.driver() + SplitLayout.RING_ENTRIES;
        for (int i = 0; i < lengths.length; i++) {
            int slot = toSlot + i & mask;
            int head = HostWindow.getShort(entries + ((long) slot << SplitLayout.AVAIL_SHIFT));
            long at = to.desc() + ((long) head << SplitLayout.DESC_SHIFT);
            put(HostWindow.getLong(at + SplitLayout.DESC_ADDR) + toDelta, i);
            setUsed(to, slot, head, lengths[i] + NetHeader.BYTES);
        }
        toSlot = toSlot + lengths.length & 0xFFFF;
        HostWindow.setShortRelease(to.device() + SplitLayout.RING_IDX, toSlot);
    }

    private static void setUsed(RingSetup ring, int slot, int head, int bytes) {
        long entry = ring.device() + SplitLayout.usedEntry(slot);
        HostWindow.setInt(entry, head);
        HostWindow.setInt(entry + SplitLayout.USED_LEN, bytes);
    }

    private void takePacked() {
        for (int i = 0; i < lengths.length; i++) {
            long at = from.desc() + ((long) fromSlot << PackedLayout.DESC_SHIFT);
            lengths[i] = HostWindow.getInt(at + PackedLayout.DESC_LEN) - NetHeader.BYTES;
            long data = HostWindow.getLong(at + PackedLayout.DESC_ADDR) + fromDelta + NetHeader.BYTES;
            HostWindow.copy(data, buffer(i), lengths[i]);
            setUsedPacked(at, fromWrap, 0);
            if (++fromSlot == from.size()) {
                fromSlot = 0;
                fromWrap = !fromWrap;
            }
        }
    }

    private void givePacked() {
        for (int i = 0; i < lengths.length; i++) {
            long at = to.desc() + ((long) toSlot << PackedLayout.DESC_SHIFT);
            put(HostWindow.getLong(at + PackedLayout.DESC_ADDR) + toDelta, i);
            setUsedPacked(at, toWrap, lengths[i] + NetHeader.BYTES);
            if (++toSlot == to.size()) {
                toSlot = 0;
                toWrap = !toWrap;
            }
        }
    }

    private static void setUsedPacked(long at, boolean wrap, int bytes) {
        long id = HostWindow.getShort(at + PackedLayout.DESC_ID);
        long flags = wrap ? PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED : 0;
        HostWindow.setLongRelease(at + PackedLayout.DESC_LEN, bytes | id << 32 | flags << 48);
    }

    private void put(long at, int i) {
        HostWindow.setLong(at, 0);
        HostWindow.setInt(at + NetHeader.CSUM_OFFSET, 1 << 16);
        HostWindow.copy(buffer(i), at + NetHeader.BYTES, lengths[i]);
    }

    private long buffer(int i) {
        return buffers.address() + (long) i * STRIDE;
    }

    @Override
    public void close() {
        buffers.close();
    }
}
