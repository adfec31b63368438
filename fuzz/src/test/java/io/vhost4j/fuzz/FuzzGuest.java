// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.fuzz;

import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.memory.HostWindow;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest's memory between canaries. Three regions follow each other for the guest and not here; the last one is at the end of the
 * address space. The first holds the ring, at fixed places.
 */
public final class FuzzGuest {
    /** Guest address of the first region. */
    public static final long BASE = 0x10_0000L;
    /** Descriptors, inside the first region. */
    public static final int DESC = 0;
    /** Available ring or driver event area. */
    public static final int AVAIL = 0x1000;
    /** Used ring or device event area. */
    public static final int USED = 0x2000;
    /** An indirect table. */
    public static final int TABLE = 0x4000;
    /** Buffers. */
    public static final int DATA = 0x5000;

    private static final long FIRST = 0x1_0000;
    private static final long PAGE = 0x1000;
    private static final long USER_OFFSET = 0x7000_0000_0000L;

    private final List<Canary> canaries = new ArrayList<>();
    private final List<GuestRegion> regions = new ArrayList<>();
    private final GuestMemory memory;
    private final long end;

    /** All zero. */
    public FuzzGuest() {
        long gpa = BASE;
        for (long bytes : new long[] {FIRST, PAGE, 3 * PAGE}) {
            add(gpa, gpa + USER_OFFSET, bytes);
            gpa += bytes;
        }
        end = gpa;
        add(-PAGE, -PAGE, PAGE);
        memory = GuestMemory.of(regions);
    }

    private void add(long gpa, long userAddr, long bytes) {
        Canary canary = new Canary(bytes);
        canaries.add(canary);
        regions.add(GuestRegion.map(canary.file(), gpa, userAddr, bytes, Canary.EDGE));
    }

    /** As the device sees it. */
    public GuestMemory memory() {
        return memory;
    }

    /** Host address, as the device sees it, of a place in the first region. */
    public long ring(int offset) {
        return memory.toHost(BASE + offset, 1);
    }

    /** All zero again. */
    public void reset() {
        canaries.forEach(Canary::reset);
    }

    /** Fails if something was written outside. */
    public void check() {
        canaries.forEach(Canary::check);
    }

    /** A guest address: of a buffer, near a border, or anything. */
    public long address(Input in) {
        return switch (in.below(8)) {
            case 0, 1, 2 -> BASE + DATA + in.u16() % (FIRST - DATA);
            case 3 -> BASE + FIRST - in.u8();
            case 4 -> BASE + FIRST + PAGE - in.u8();
            case 5 -> end - in.u8();
            case 6 -> -in.u16() & ~(PAGE - 1) | in.u8();
            default -> in.u64();
        };
    }

    /** Writes a descriptor of a split ring or table. */
    public void describe(int at, int slot, long gpa, long bytes, int flags, int next) {
        long to = ring(at) + 16L * slot;
        HostWindow.setLong(to, gpa);
        HostWindow.setInt(to + 8, (int) bytes);
        HostWindow.setShort(to + 12, flags);
        HostWindow.setShort(to + 14, next);
    }

    /** Writes a descriptor of a packed ring or table. */
    public void describePacked(int at, int slot, long gpa, long bytes, int id, int flags) {
        describe(at, slot, gpa, bytes, id, flags);
    }

    /** Writes bytes to a place in the first region. */
    public void poke(int offset, byte[] bytes) {
        int count = (int) Math.min(bytes.length, FIRST - offset);
        HostWindow.copy(bytes, 0, ring(offset), count);
    }
}
