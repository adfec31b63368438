// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.InflightLayout;
import io.vhost4j.core.layout.PackedLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * A packed ring's part of the in-flight buffer (vhost-user specification, "Inflight I/O tracking", packed virtqueues). It keeps copies of
 * the descriptors of chains that were taken, since the ring's own are overwritten, and a list of its free entries. The front-end can write to
 * the buffer at any time, so nothing that is read from it is used unchecked.
 */
public final class PackedInflight {
    private static final int STATE_BITS = PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED;

    private final long base;
    private final int size;
    private final InflightHeader header;
    private long counter;
    private int position;

    /**
     * Tracks a ring in {@code InflightLayout.queueBytes} bytes at host address {@code base}. A fresh buffer is set up.
     *
     * @param features of the ring, as negotiated
     * @param usedSlot the ring's used position, for a fresh buffer
     * @param usedWrap the ring's used wrap counter, for a fresh buffer
     * @throws VhostException if the buffer belongs to a ring of another size, kind or format
     */
    public PackedInflight(long base, int size, long features, int usedSlot, boolean usedWrap) {
        this.base = base;
        this.size = size;
        header = new InflightHeader(base, size, features | VirtioFeature.RING_PACKED.mask());
        if (header.isFresh()) {
            setUp(usedSlot, usedWrap);
        }
        header.check();
    }

    private void setUp(int usedSlot, boolean usedWrap) {
        for (int i = 0; i < size; i++) {
            HostWindow.setShort(entry(i) + InflightLayout.PACKED_NEXT, i + 1);
        }
        setPosition(usedSlot, usedWrap);
        commit();
        header.setUp();
    }

    private long entry(int index) {
        return base + InflightLayout.PACKED_ENTRIES + ((long) index << InflightLayout.PACKED_ENTRY_SHIFT);
    }

    private int field(int offset) {
        return HostWindow.getShort(base + offset);
    }

    private void setPosition(int slot, boolean wrap) {
        HostWindow.setShort(base + InflightLayout.PACKED_USED_IDX, slot);
        HostWindow.setByte(base + InflightLayout.PACKED_USED_WRAP, wrap ? 1 : 0);
    }

    /**
     * The batch under way is done: what is becomes what was. Position and wrap counter change by one store: the state of a descriptor
     * cannot be judged by a counter of another lap.
     */
    private void commit() {
        HostWindow.setShort(base + InflightLayout.PACKED_OLD_FREE_HEAD, field(InflightLayout.PACKED_FREE_HEAD));
        long positions = HostWindow.getLong(base + InflightLayout.PACKED_POSITIONS);
        long current = positions & InflightLayout.PACKED_CURRENT_MASK;
        HostWindow.setLongRelease(
                base + InflightLayout.PACKED_POSITIONS,
                positions & ~InflightLayout.PACKED_OLD_MASK
                        | current << 16 & 0xFFFF_0000L
                        | current << 8 & 0xFF00_0000_0000L);
    }

    /** The batch under way did not come about: what was is again. */
    private void rollBack() {
        HostWindow.setShort(base + InflightLayout.PACKED_FREE_HEAD, field(InflightLayout.PACKED_OLD_FREE_HEAD));
        HostWindow.setShort(base + InflightLayout.PACKED_USED_IDX, field(InflightLayout.PACKED_OLD_USED_IDX));
        HostWindow.setByte(
                base + InflightLayout.PACKED_USED_WRAP, HostWindow.getByte(base + InflightLayout.PACKED_OLD_USED_WRAP));
    }

    /**
     * Finishes or undoes what the process before left half done.
     *
     * @param desc host address of the descriptor ring
     * @return first entries of the chains that were taken and not given back, in the order in which they were taken
     * @throws VhostException if the buffer's content cannot be right, or such chains were taken with other features
     */
    public int[] recover(long desc) {
        long positions = HostWindow.getLong(base + InflightLayout.PACKED_POSITIONS);
        int slot = slotOf(positions);
        boolean wrap = (positions >>> 32 & 0xFF) != 0;
        int oldSlot = slotOf(positions >>> 16);
        boolean oldWrap = (positions >>> 40 & 0xFF) != 0;
        boolean moved = slot != oldSlot || wrap != oldWrap;
        if (moved && wasPublished(desc, oldSlot, oldWrap)) {
            commit();
            position = slot | (wrap ? PackedLayout.WRAP_BIT : 0);
        } else {
            position = oldSlot | (oldWrap ? PackedLayout.WRAP_BIT : 0);
        }
        rollBack();
        clearFree();
        long[] order = new long[size];
        Arrays.setAll(order, i -> HostWindow.getLong(entry(i) + InflightLayout.COUNTER));
        counter = Arrays.stream(order).max().orElse(0);
        int[] heads = IntStream.range(0, size)
                .filter(i -> HostWindow.getByte(entry(i) + InflightLayout.INFLIGHT) == 1)
                .boxed()
                .sorted(Comparator.comparingLong(i -> order[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        header.goOn(heads.length);
        return heads;
    }

    private int slotOf(long positions) {
        int slot = (int) positions & 0xFFFF;
        if (slot >= size) {
            throw new VhostException("in-flight buffer: used position " + slot + ": the ring has size " + size);
        }
        return slot;
    }

    /** Whether the descriptor where the batch under way begins is no longer one that the driver made available. */
    private static boolean wasPublished(long desc, int slot, boolean wrap) {
        long at = desc + ((long) slot << PackedLayout.DESC_SHIFT);
        int state = HostWindow.getShortAcquire(at + PackedLayout.DESC_FLAGS) & STATE_BITS;
        return state != (wrap ? PackedLayout.FLAG_AVAIL : PackedLayout.FLAG_USED);
    }

    private void clearFree() {
        int index = field(InflightLayout.PACKED_FREE_HEAD);
        for (int i = 0; i < size && index < size; i++) {
            HostWindow.setByte(entry(index) + InflightLayout.INFLIGHT, 0);
            index = HostWindow.getShort(entry(index) + InflightLayout.PACKED_NEXT);
        }
    }

    /** The used position that {@link #recover} found, inside the ring, in the form of a 16-bit ring position. */
    public int position() {
        return position;
    }

    /** Slots of the ring that the chain with first entry {@code head} takes up, as the buffer says: check it. */
    public int slots(int head) {
        return HostWindow.getShort(entry(head) + InflightLayout.PACKED_NUM);
    }

    /**
     * Copies the descriptors of a chain that was in flight.
     *
     * @param head its first entry
     * @param slots how many descriptors
     * @param to host address of room for them, in the format of the ring
     * @return false if the entries do not hold such a chain
     */
    public boolean restore(int head, int slots, long to) {
        int index = head;
        for (int i = 0; i < slots; i++) {
            if (index >= size) {
                return false;
            }
            long from = entry(index);
            long at = to + ((long) i << PackedLayout.DESC_SHIFT);
            int flags = HostWindow.getShort(from + InflightLayout.PACKED_FLAGS);
            if (((flags & DescFlags.NEXT) == 0) != (i == slots - 1)) {
                return false;
            }
            HostWindow.setLong(at + PackedLayout.DESC_ADDR, HostWindow.getLong(from + InflightLayout.PACKED_ADDR));
            HostWindow.setInt(at + PackedLayout.DESC_LEN, HostWindow.getInt(from + InflightLayout.PACKED_LEN));
            HostWindow.setShort(at + PackedLayout.DESC_ID, HostWindow.getShort(from + InflightLayout.PACKED_ID));
            HostWindow.setShort(at + PackedLayout.DESC_FLAGS, flags);
            index = HostWindow.getShort(from + InflightLayout.PACKED_NEXT);
        }
        return true;
    }

    /**
     * A chain was taken.
     *
     * @param desc host address of the descriptor ring
     * @param slot the chain's first slot
     * @param slots how many there are
     * @return its first entry, or -1 if the list of free entries is broken
     */
    public int taken(long desc, int slot, int slots) {
        int head = field(InflightLayout.PACKED_OLD_FREE_HEAD);
        if (head >= size) {
            return -1;
        }
        HostWindow.setShort(entry(head) + InflightLayout.PACKED_NUM, 0);
        HostWindow.setLong(entry(head) + InflightLayout.COUNTER, ++counter);
        VarHandle.releaseFence();
        HostWindow.setByte(entry(head) + InflightLayout.INFLIGHT, 1);
        int index = head;
        int last = head;
        for (int i = 0; i < slots; i++) {
            if (index >= size) {
                return -1;
            }
            int from = slot + i < size ? slot + i : slot + i - size;
            copyDescriptor(desc + ((long) from << PackedLayout.DESC_SHIFT), entry(index), i == slots - 1);
            last = index;
            index = HostWindow.getShort(entry(index) + InflightLayout.PACKED_NEXT);
        }
        HostWindow.setShort(entry(head) + InflightLayout.PACKED_NUM, slots);
        HostWindow.setShort(entry(head) + InflightLayout.PACKED_LAST, last);
        HostWindow.setShort(base + InflightLayout.PACKED_FREE_HEAD, index);
        VarHandle.releaseFence();
        HostWindow.setShort(base + InflightLayout.PACKED_OLD_FREE_HEAD, index);
        return head;
    }

    /**
     * Makes the first descriptor of a chain available again, where the process before may have marked it used in a batch that it did not
     * publish: the driver would take it for given back as soon as it sees the chain before it used.
     *
     * @param head the chain's first entry
     * @param at host address of the ring's descriptor
     * @param wrap the wrap counter there
     */
    public void putBack(int head, long at, boolean wrap) {
        long from = entry(head);
        int state = wrap ? PackedLayout.FLAG_AVAIL : PackedLayout.FLAG_USED;
        long flags = HostWindow.getShort(from + InflightLayout.PACKED_FLAGS) & ~STATE_BITS | state;
        long id = HostWindow.getShort(from + InflightLayout.PACKED_ID);
        long length = HostWindow.getUnsignedInt(from + InflightLayout.PACKED_LEN);
        HostWindow.setLongRelease(at + PackedLayout.DESC_LEN, length | id << 32 | flags << 48);
    }

    private static void copyDescriptor(long from, long to, boolean last) {
        int flags = HostWindow.getShort(from + PackedLayout.DESC_FLAGS);
        HostWindow.setLong(to + InflightLayout.PACKED_ADDR, HostWindow.getLong(from + PackedLayout.DESC_ADDR));
        HostWindow.setInt(to + InflightLayout.PACKED_LEN, HostWindow.getInt(from + PackedLayout.DESC_LEN));
        HostWindow.setShort(to + InflightLayout.PACKED_ID, HostWindow.getShort(from + PackedLayout.DESC_ID));
        // the guest may change the ring meanwhile: what is kept is a chain of the length that was gathered
        HostWindow.setShort(to + InflightLayout.PACKED_FLAGS, last ? flags & ~DescFlags.NEXT : flags | DescFlags.NEXT);
    }

    /**
     * Chains are about to be given back.
     *
     * @param heads their first entries
     * @param slot the used position after them
     * @param wrap the used wrap counter after them
     */
    public void returning(int[] heads, int count, int slot, boolean wrap) {
        int free = field(InflightLayout.PACKED_FREE_HEAD);
        for (int i = 0; i < count; i++) {
            int last = HostWindow.getShort(entry(heads[i]) + InflightLayout.PACKED_LAST);
            if (last < size) {
                HostWindow.setShort(entry(last) + InflightLayout.PACKED_NEXT, free);
                free = heads[i];
            }
        }
        HostWindow.setShort(base + InflightLayout.PACKED_FREE_HEAD, free);
        setPosition(slot, wrap);
        VarHandle.releaseFence();
    }

    /** Chains were given back. */
    public void returned(int[] heads, int count) {
        VarHandle.releaseFence();
        for (int i = 0; i < count; i++) {
            HostWindow.setByte(entry(heads[i]) + InflightLayout.INFLIGHT, 0);
        }
        VarHandle.releaseFence();
        commit();
    }
}
