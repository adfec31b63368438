// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.RingSetup;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest with one ring whose every descriptor has a buffer of its own. It provides buffers in ring order and expects all of them to be
 * used before it provides more than a ring of them; it never wants to be notified.
 */
final class Guest implements AutoCloseable {
    static final int SIZE = 1024;
    static final int BUFFER = 2048;

    private static final long DRIVER_AREA = 0x8000;
    private static final long DEVICE_AREA = 0x10000;
    private static final long BUFFERS = 0x20000;
    private static final long REGION = BUFFERS + (long) SIZE * BUFFER;
    private static final long GPA = 0x4000_0000;
    private static final long USER = 0x7f00_0000_0000L;

    private final RingLayout layout;
    private final GuestRegion[] regions;
    private final GuestMemory memory;
    private final long base;
    private final int flags;
    private final int length;

    /** Split: the free-running index. Packed: the next slot. */
    private int next;

    private boolean wrap = true;

    /**
     * A guest.
     *
     * @param flags of each descriptor
     * @param length of each buffer, in bytes
     * @param regionCount regions of memory; the ring and its buffers are in the first
     */
    Guest(RingLayout layout, int flags, int length, int regionCount) {
        this.layout = layout;
        this.flags = flags;
        this.length = length;
        List<GuestRegion> mapped = new ArrayList<>();
        for (int i = 0; i < regionCount; i++) {
            try (OwnedFd file = MemFd.create("vhost4j-bench-guest", REGION)) {
                mapped.add(GuestRegion.map(file, GPA + 2L * i * REGION, USER + 2L * i * REGION, REGION, 0));
            }
        }
        regions = mapped.toArray(GuestRegion[]::new);
        memory = GuestMemory.of(mapped);
        base = regions[0].hostAddress();
        if (layout == RingLayout.SPLIT) {
            initSplit();
        } else {
            initPacked();
        }
    }

    private void initSplit() {
        for (int slot = 0; slot < SIZE; slot++) {
            long at = base + ((long) slot << SplitLayout.DESC_SHIFT);
            HostWindow.setLong(at + SplitLayout.DESC_ADDR, gpaOf(slot));
            HostWindow.setInt(at + SplitLayout.DESC_LEN, length);
            HostWindow.setShort(at + SplitLayout.DESC_FLAGS, flags);
            HostWindow.setShort(
                    base + DRIVER_AREA + SplitLayout.RING_ENTRIES + ((long) slot << SplitLayout.AVAIL_SHIFT), slot);
        }
        HostWindow.setShort(base + DRIVER_AREA + SplitLayout.RING_FLAGS, SplitLayout.AVAIL_NO_INTERRUPT);
    }

    private void initPacked() {
        for (int slot = 0; slot < SIZE; slot++) {
            HostWindow.setLong(base + ((long) slot << PackedLayout.DESC_SHIFT) + PackedLayout.DESC_ADDR, gpaOf(slot));
        }
        HostWindow.setShort(base + DRIVER_AREA + PackedLayout.EVENT_FLAGS, PackedLayout.EVENT_DISABLE);
    }

    private static long gpaOf(int slot) {
        return GPA + BUFFERS + (long) slot * BUFFER;
    }

    /** Makes the next buffers available. */
    void provide(int count) {
        if (layout == RingLayout.SPLIT) {
            next = (next + count) & 0xFFFF;
            // release: pairs with the device's acquire of avail.idx
            HostWindow.setShortRelease(base + DRIVER_AREA + SplitLayout.RING_IDX, next);
        } else {
            providePacked(count);
        }
    }

    private void providePacked(int count) {
        for (int i = 0; i < count; i++) {
            long state = wrap ? PackedLayout.FLAG_AVAIL : PackedLayout.FLAG_USED;
            long word = length | (long) next << 32 | (flags | state) << 48;
            // release: pairs with the device's acquire of the flags
            HostWindow.setLongRelease(base + ((long) next << PackedLayout.DESC_SHIFT) + PackedLayout.DESC_LEN, word);
            if (++next == SIZE) {
                next = 0;
                wrap = !wrap;
            }
        }
    }

    /** Where a ring starts that begins with this guest. */
    RingSetup setup() {
        boolean packed = layout == RingLayout.PACKED;
        long features = VirtioFeature.maskOf(VirtioFeature.VERSION_1, VirtioFeature.MRG_RXBUF, VirtioFeature.IN_ORDER)
                | (packed ? VirtioFeature.RING_PACKED.mask() : 0);
        int start = packed ? PackedLayout.WRAP_BIT | PackedLayout.WRAP_BIT << 16 : 0;
        return new RingSetup(packed, SIZE, base, base + DRIVER_AREA, base + DEVICE_AREA, features, start);
    }

    GuestMemory memory() {
        return memory;
    }

    /** A guest physical address in a region. */
    long gpa(int region, long offset) {
        return regions[region].gpa() + offset;
    }

    /** What to add to guest physical addresses of the first region. */
    long hostOffset() {
        return base - regions[0].gpa();
    }

    @Override
    public void close() {
        for (GuestRegion region : regions) {
            region.release();
        }
    }
}
