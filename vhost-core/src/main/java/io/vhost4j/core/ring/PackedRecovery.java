// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import io.vhost4j.VhostException;
import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.memory.PackedInflight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** What a packed ring does with its in-flight buffer: chains left by the process before, and the entries of the batch under way. */
final class PackedRecovery {
    private final int size;
    private final PackedInflight buffer;
    private final MemorySegment scratch;

    /** First entries of chains that the process before had taken; those from {@link #againAt} on are still to be gathered. */
    private final int[] again;
    /** How many slots each of them takes up. */
    private final int[] againSlots;

    private int againAt;
    /** First entries of the chains of the batch that is being given back. */
    private final int[] heads;
    /** First entries of the chains that were taken and not given back: a circle of {@link #held} from {@link #oldest} on. */
    private final int[] circle;

    private int oldest;
    private int held;

    PackedRecovery(long address, int size, long features, long desc, int usedSlot, boolean usedWrap) {
        this.size = size;
        buffer = new PackedInflight(address, size, features, usedSlot, usedWrap);
        again = buffer.recover(desc);
        againSlots = Arrays.stream(again).map(buffer::slots).toArray();
        heads = new int[size];
        circle = new int[size];
        scratch = Arena.ofAuto().allocate((long) size << PackedLayout.DESC_SHIFT, PackedLayout.DESC_ALIGN);
        int slots = slotsLeft();
        if (slots < again.length || slots > size) {
            throw new VhostException(
                    "in-flight buffer: its " + again.length + " chains take " + slots + " slots: the ring has " + size);
        }
        putBack(desc);
    }

    /** The first chain is available: had it been marked used, the batch would have been published. */
    private void putBack(long desc) {
        int slot = position() & ~PackedLayout.WRAP_BIT;
        boolean wrap = (position() & PackedLayout.WRAP_BIT) != 0;
        for (int i = 0; i < again.length; i++) {
            if (i > 0) {
                buffer.putBack(again[i], desc + ((long) slot << PackedLayout.DESC_SHIFT), wrap);
            }
            slot += againSlots[i];
            if (slot >= size) {
                slot -= size;
                wrap = !wrap;
            }
        }
    }

    /** The used position, as a 16-bit ring position. */
    int position() {
        return buffer.position();
    }

    /** Chains still to be gathered. */
    int left() {
        return again.length - againAt;
    }

    /** Slots of all chains still to be gathered. */
    int slotsLeft() {
        int slots = 0;
        for (int i = againAt; i < again.length; i++) {
            slots += againSlots[i];
        }
        return slots;
    }

    /** Slots of the chain {@code index} of those left. */
    int slots(int index) {
        return againSlots[againAt + index];
    }

    /** Where the descriptors of chain {@code index} of those left can be read, until the next call; 0 if they are not there. */
    long restore(int index, int slots) {
        boolean whole = slots > 0 && slots <= size && buffer.restore(again[againAt + index], slots, scratch.address());
        return whole ? scratch.address() : 0;
    }

    /** Accounts for a batch that is taken, from {@code slot} on if it is not of the process before; false if the buffer is broken. */
    boolean taken(int[] slots, int count, long desc, int slot) {
        boolean fresh = left() == 0;
        boolean sound = true;
        int at = slot;
        for (int i = 0; i < count; i++) {
            int head = fresh ? buffer.taken(desc, at, slots[i]) : again[againAt + i];
            if (head < 0) {
                head = 0;
                sound = false;
            }
            circle[place(held++)] = head;
            at += slots[i];
            if (at >= size) {
                at -= size;
            }
        }
        if (!fresh) {
            againAt += count;
        }
        return sound;
    }

    /** Where the entry {@code ahead} of the oldest is in the circle. */
    private int place(int ahead) {
        int at = oldest + ahead;
        return at < size ? at : at - size;
    }

    /** Accounts for the oldest chains that were taken, which are about to be given back from {@code usedSlot} on. */
    void returning(int[] slots, int count, int usedSlot, boolean usedWrap) {
        int slot = usedSlot;
        boolean wrap = usedWrap;
        for (int i = 0; i < count; i++) {
            heads[i] = circle[place(i)];
            slot += slots[i];
            if (slot >= size) {
                slot -= size;
                wrap = !wrap;
            }
        }
        oldest = place(count);
        held -= count;
        buffer.returning(heads, count, slot, wrap);
    }

    /** Accounts for a batch that was given back. */
    void returned(int count) {
        buffer.returned(heads, count);
    }
}
