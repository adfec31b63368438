// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.RingSetup;

/**
 * The driver's side of a ring for {@link WarmUp}. All its chains have the same shape and even the same buffers: nobody looks at what is
 * in them. It provides chains in order and expects all to be used before it provides more.
 */
final class WarmUpRing {
    /** Bytes of guest memory for a ring with its buffers. */
    static final long BYTES = 0x6000;

    private static final int SIZE = 256;
    private static final int LENGTHS = 6;
    private static final long DRIVER_AREA = 0x1000;
    private static final long DEVICE_AREA = 0x1800;
    private static final long TABLE = 0x2800;
    private static final long BUFFERS = 0x3000;

    private final boolean packed;
    private final boolean eventIdx;
    private final long features;
    private final long base;
    private final long baseGpa;
    private final int flags;
    private final int[] partBytes;
    private final boolean varied;
    private final boolean indirect;
    /** Descriptors in the ring for each chain. */
    private final int slots;

    /** Split: the free-running index. Packed: the next slot. */
    private int next;

    private boolean wrap = true;

    /**
     * Lays out a ring without chains.
     *
     * @param offset where in {@code region} it has {@link #BYTES} bytes
     * @param flags of each descriptor: {@code DescFlags.WRITE} or 0
     * @param indirect whether chains are in tables
     * @param varied whether five of six chains are shorter than {@code partBytes} says
     * @param partBytes lengths of a chain's buffers; two at most unless they are in tables
     */
    WarmUpRing(
            GuestRegion region,
            long offset,
            long features,
            int flags,
            boolean indirect,
            boolean varied,
            int... partBytes) {
        this.features = features;
        this.flags = flags;
        this.partBytes = partBytes.clone();
        this.varied = varied;
        this.indirect = indirect;
        packed = VirtioFeature.RING_PACKED.in(features);
        eventIdx = VirtioFeature.RING_EVENT_IDX.in(features);
        base = region.hostAddress() + offset;
        baseGpa = region.gpa() + offset;
        slots = indirect ? 1 : partBytes.length;
        HostWindow.fill(base, BYTES, 0);
        if (indirect) {
            initTable();
        }
        for (int slot = 0; slot < SIZE; slot++) {
            initSlot(slot);
        }
    }

    private void initTable() {
        long at = base + TABLE;
        for (int part = 0; part < partBytes.length; part++) {
            int more = part + 1 < partBytes.length ? DescFlags.NEXT : 0;
            // chains of entries are marked in split rings only
            int partFlags = packed ? flags : flags | more;
            HostWindow.setLong(at, partGpa(part));
            HostWindow.setInt(at + SplitLayout.DESC_LEN, partBytes[part]);
            HostWindow.setShort(at + (packed ? PackedLayout.DESC_FLAGS : SplitLayout.DESC_FLAGS), partFlags);
            if (!packed) {
                HostWindow.setShort(at + SplitLayout.DESC_NEXT, part + 1);
            }
            at += 1L << SplitLayout.DESC_SHIFT;
        }
    }

    private void initSlot(int slot) {
        long at = base + ((long) slot << SplitLayout.DESC_SHIFT);
        int part = slot % slots;
        HostWindow.setLong(at, indirect ? baseGpa + TABLE : partGpa(part));
        if (!packed) {
            HostWindow.setInt(at + SplitLayout.DESC_LEN, slotBytes(part, slot));
            HostWindow.setShort(at + SplitLayout.DESC_FLAGS, slotFlags(part));
            HostWindow.setShort(at + SplitLayout.DESC_NEXT, slot + 1);
            long entry = base + DRIVER_AREA + SplitLayout.RING_ENTRIES + ((long) slot << SplitLayout.AVAIL_SHIFT);
            HostWindow.setShort(entry, slot * slots % SIZE);
        }
    }

    private long partGpa(int part) {
        long gpa = baseGpa + BUFFERS;
        for (int i = 0; i < part; i++) {
            gpa += partBytes[i];
        }
        return gpa;
    }

    private int slotBytes(int part, int chain) {
        int bytes = indirect ? partBytes.length << SplitLayout.DESC_SHIFT : partBytes[part];
        return varied ? bytes >> chain % LENGTHS : bytes;
    }

    private int slotFlags(int part) {
        if (indirect) {
            return DescFlags.INDIRECT;
        }
        return part + 1 < slots ? flags | DescFlags.NEXT : flags;
    }

    /** Host address of each chain's first buffer; the others follow it. */
    long buffers() {
        return base + BUFFERS;
    }

    /** Writes into the buffers, which the next burst then finds without the header of the one before, as where a guest used them for other things. */
    void overwriteHeader() {
        HostWindow.setByte(buffers(), 1);
    }

    /** The position of a ring that was never served. */
    int start() {
        return packed ? PackedLayout.WRAP_BIT | PackedLayout.WRAP_BIT << 16 : 0;
    }

    /** Where a queue starts that serves the ring from {@code position} on. */
    RingSetup setup(int position) {
        return new RingSetup(packed, SIZE, base, base + DRIVER_AREA, base + DEVICE_AREA, features, position);
    }

    /**
     * Makes chains available.
     *
     * @param count 1 to 64
     * @param notify whether the driver wants to be notified when they are used
     */
    void provide(int count, boolean notify) {
        if (packed) {
            providePacked(count);
            askPacked(notify);
        } else {
            next = next + count & 0xFFFF;
            askSplit(notify);
            HostWindow.setShortRelease(base + DRIVER_AREA + SplitLayout.RING_IDX, next);
        }
    }

    private void askSplit(boolean notify) {
        long area = base + DRIVER_AREA;
        if (eventIdx) {
            HostWindow.setShort(area + SplitLayout.usedEvent(SIZE), notify ? next - 1 : next);
        } else {
            HostWindow.setShort(area + SplitLayout.RING_FLAGS, notify ? 0 : SplitLayout.AVAIL_NO_INTERRUPT);
        }
    }

    private void providePacked(int count) {
        for (int i = 0; i < count; i++) {
            int state = wrap ? PackedLayout.FLAG_AVAIL : PackedLayout.FLAG_USED;
            for (int part = slots - 1; part >= 0; part--) {
                long at = base + ((long) (next + part) << PackedLayout.DESC_SHIFT);
                long word = slotBytes(part, next) | (long) next << 32 | (long) (slotFlags(part) | state) << 48;
                HostWindow.setLongRelease(at + PackedLayout.DESC_LEN, word);
            }
            next += slots;
            if (next == SIZE) {
                next = 0;
                wrap = !wrap;
            }
        }
    }

    private void askPacked(boolean notify) {
        long area = base + DRIVER_AREA;
        if (eventIdx && notify) {
            int last = next == 0 ? SIZE - 1 : next - 1;
            boolean lastWrap = (next == 0) != wrap;
            HostWindow.setShort(area + PackedLayout.EVENT_OFF_WRAP, lastWrap ? last | PackedLayout.WRAP_BIT : last);
            HostWindow.setShort(area + PackedLayout.EVENT_FLAGS, PackedLayout.EVENT_DESC);
        } else {
            HostWindow.setShort(
                    area + PackedLayout.EVENT_FLAGS, notify ? PackedLayout.EVENT_ENABLE : PackedLayout.EVENT_DISABLE);
        }
    }
}
