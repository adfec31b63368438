// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.fuzz.Input;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The guest's driver, or whatever else writes to its memory. */
final class FuzzDriver {
    private static final int STRIDE = 0x4_0000;
    private static final int AVAIL = 0x1_0000;
    private static final int USED = 0x2_0000;
    private static final int DATA = 0x3_0000;

    private final Input in;
    private final FrontendMemory guest;
    private final int[] next = new int[4];
    private boolean gone;

    FuzzDriver(Input in, FrontendMemory guest) {
        this.in = in;
        this.guest = guest;
    }

    /** Takes memory away that the back-end has mapped. From then on the guest stands still: it would touch that memory, too. */
    void truncate(long bytes) {
        FileCalls.ftruncate(guest.fd(), bytes);
        gone = true;
    }

    void act() {
        if (gone) {
            return;
        }
        int queue = in.below(4);
        switch (in.below(5)) {
            case 0, 1 -> offer(queue, false);
            case 2 -> offer(queue, true);
            case 3 -> poke(queue * STRIDE + (int) in.pick(0, AVAIL, USED, DATA) + in.u8(), in.take(1 + in.below(8)));
            default -> offerAny(queue);
        }
    }

    /** A chain of one good buffer, in a split or a packed ring. */
    private void offer(int queue, boolean packed) {
        int size = 1 << in.below(9);
        int slot = next[queue] % size;
        long gpa = FrontendMemory.GPA + (long) queue * STRIDE + DATA + in.u8();
        describe(queue, slot, gpa, 100 + in.u8(), (queue & 1) == 0 ? 2 : 0, packed, next[queue] / size % 2 == 0);
        publish(queue, slot, size, packed);
    }

    private void offerAny(int queue) {
        int size = 1 << in.below(9);
        int slot = in.u8();
        boolean packed = in.flag();
        describe(
                queue,
                slot,
                in.flag() ? FrontendMemory.GPA + in.u32() : in.u64(),
                in.length(),
                in.u8(),
                packed,
                in.flag());
        publish(queue, slot, size, packed);
    }

    private void describe(int queue, int slot, long gpa, long bytes, int flags, boolean packed, boolean lap) {
        MemorySegment memory = guest.memory();
        long at = (long) queue * STRIDE + 16L * slot;
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, gpa);
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, at + 8, (int) bytes);
        int state = lap ? 0x80 : 0x8000;
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 12, (short) (packed ? slot : flags));
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 14, (short) (packed ? flags | state : slot + 1));
    }

    private void publish(int queue, int slot, int size, boolean packed) {
        if (!packed) {
            MemorySegment memory = guest.memory();
            long avail = (long) queue * STRIDE + AVAIL;
            int idx = memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, avail + 2);
            memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, avail + 4 + 2L * (idx & (size - 1)), (short) slot);
            memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, avail + 2, (short) (idx + 1));
        }
        next[queue]++;
    }

    private void poke(int at, byte[] bytes) {
        MemorySegment.copy(bytes, 0, guest.memory(), ValueLayout.JAVA_BYTE, at, bytes.length);
    }
}
