// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import io.vhost4j.VhostException;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.memory.Iotlb;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** The device's side of a packed virtqueue (virtio 1.2 §2.8). */
final class PackedRing extends Ring {
    private static final int STATE_BITS = PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED;

    private long desc;
    private long driverEvent;
    private long deviceEvent;

    /** The slot to look at next and the driver's wrap counter there. */
    private int availSlot;

    private boolean availWrap;
    /** The slot to write next and the device's wrap counter there. */
    private int usedSlot;

    private boolean usedWrap;
    /** Slots published since the driver was last asked whether to notify it. */
    private int unasked;

    private boolean neverAsked = true;

    private @Nullable PackedRecovery recovery;

    PackedRing(RingSetup setup, GuestMemory memory, @Nullable Iotlb iotlb, int direction) {
        super(setup, memory, iotlb, direction);
        desc = setup.desc();
        driverEvent = setup.driver();
        deviceEvent = setup.device();
        int base = setup.base();
        availSlot = base & ~PackedLayout.WRAP_BIT & 0xFFFF;
        availWrap = (base & PackedLayout.WRAP_BIT) != 0;
        usedSlot = (base >>> 16) & ~PackedLayout.WRAP_BIT;
        usedWrap = base < 0;
        if (availSlot >= size || usedSlot >= size) {
            throw new VhostException(String.format(
                    "ring base %#x, size=%d: a position is outside the ring; the front-end must set the base that it"
                            + " got",
                    base, size));
        }
    }

    @Override
    void setAddresses(long newDesc, long newDriver, long newDevice) {
        desc = newDesc;
        driverEvent = newDriver;
        deviceEvent = newDevice;
    }

    @Override
    public void track(long buffer) {
        PackedRecovery made = new PackedRecovery(buffer, size, features, desc, usedSlot, usedWrap);
        int position = made.position();
        usedSlot = position & ~PackedLayout.WRAP_BIT;
        usedWrap = (position & PackedLayout.WRAP_BIT) != 0;
        availSlot = usedSlot;
        availWrap = usedWrap;
        advanceAvail(made.slotsLeft());
        recovery = made;
    }

    @Override
    public int recovered() {
        PackedRecovery pending = recovery;
        return pending == null ? 0 : pending.left();
    }

    @Override
    public void resumeAtUsed() {
        // both positions came with the base
    }

    /** Gathers chains that the process before had taken, from the copies of their descriptors. */
    private int gatherAgain(PackedRecovery from, ChainBatch batch, int max) {
        int count = Math.min(max, from.left());
        int chain = 0;
        batch.spread(0);
        while (chain < count && mayReadTables()) {
            int slots = from.slots(chain);
            long copy = from.restore(chain, slots);
            if (copy == 0) {
                setFault(RingFault.INFLIGHT_BROKEN, chain);
                break;
            }
            int flags = HostWindow.getShort(copy + PackedLayout.DESC_FLAGS);
            batch.firstSegment[chain] = batch.segments;
            if (!takeChain(batch, chain, copy, 0, flags, slots)) {
                break;
            }
            chain++;
        }
        batch.firstSegment[chain] = batch.segments;
        return chain;
    }

    @Override
    int gather(int max, boolean shared) {
        PackedRecovery pending = recovery;
        if (pending != null && pending.left() > 0) {
            return gatherAgain(pending, startGather(shared), max);
        }
        int expected = availWrap ? PackedLayout.FLAG_AVAIL : PackedLayout.FLAG_USED;
        if ((HostWindow.getShort(flagsAt(availSlot)) & STATE_BITS) != expected) {
            return 0;
        }
        ChainBatch batch = startGather(shared);
        int limit = Math.min(max, size);
        int beforeWrap = Math.min(limit, size - availSlot);
        int chain = gatherPlain(batch, 0, beforeWrap, availSlot, expected);
        if (chain == beforeWrap && chain < limit) {
            chain = gatherPlain(batch, chain, limit, 0, expected ^ STATE_BITS);
        }
        batch.segments = chain;
        return chain < limit ? gatherRest(batch, chain, limit) : chain;
    }

    private long flagsAt(int slot) {
        return desc + ((long) slot << PackedLayout.DESC_SHIFT) + PackedLayout.DESC_FLAGS;
    }

    /**
     * The common case: chains of one descriptor each, with buffers inside one region.
     *
     * @param chain the first to be gathered, from {@code slot} on, which is not so far that the ring's end is before {@code limit}
     * @return how many chains there are in the batch, {@code limit} at most; it is not said whether the next is not there or is not a plain one
     */
    private int gatherPlain(ChainBatch batch, int chain, int limit, int slot, int expected) {
        int[] id = batch.id;
        int[] length = batch.length;
        long[] address = batch.address;
        int wanted = expected | direction;
        long from = desc + ((long) slot << PackedLayout.DESC_SHIFT);
        int at = chain;
        for (; at < limit; at++) {
            // length, id and flags
            long rest = HostWindow.getLong(from + PackedLayout.DESC_LEN);
            // pairs with the driver's release of the flags after it wrote the rest of the descriptor
            VarHandle.acquireFence();
            if (((int) (rest >>> 48) & (STATE_BITS | KIND)) != wanted) {
                break;
            }
            id[at] = (int) (rest >>> 32) & 0xFFFF;
            address[at] = HostWindow.getLong(from + PackedLayout.DESC_ADDR);
            length[at] = (int) rest;
            from += 1L << PackedLayout.DESC_SHIFT;
        }
        return buffers.toHost(address, length, chain, at);
    }

    /** Any chains, behind {@code gathered} plain ones. */
    private int gatherRest(ChainBatch batch, int gathered, int limit) {
        int slot = availSlot + gathered;
        boolean wrap = availWrap;
        if (slot >= size) {
            slot -= size;
            wrap = !wrap;
        }
        int expected = wrap ? PackedLayout.FLAG_AVAIL : PackedLayout.FLAG_USED;
        int slotsLeft = size - gathered;
        int chain = gathered;
        while (chain < limit && slotsLeft > 0 && mayReadTables()) {
            // acquire: pairs with the driver's release of the flags after it wrote the rest of the chain
            int flags = HostWindow.getShortAcquire(flagsAt(slot));
            if ((flags & STATE_BITS) != expected) {
                break;
            }
            batch.spread(chain);
            batch.firstSegment[chain] = batch.segments;
            if (!takeChain(batch, chain, desc, slot, flags, slotsLeft)) {
                break;
            }
            int slots = batch.slots[chain];
            chain++;
            batch.firstSegment[chain] = batch.segments;
            slotsLeft -= slots;
            slot += slots;
            if (slot >= size) {
                slot -= size;
                expected ^= STATE_BITS;
            }
        }
        return chain;
    }

    /** Any chain. False if the ring cannot be trusted any more, or the chain has to wait for the IOTLB. */
    private boolean takeChain(ChainBatch batch, int chain, long table, int head, int headFlags, int slotsLeft) {
        int firstSegment = batch.segments;
        long total = 0;
        int slot = head;
        int flags = headFlags;
        startChain();
        for (int seen = 1; ; seen++) {
            long at = table + ((long) slot << PackedLayout.DESC_SHIFT);
            if (seen > 1) {
                flags = HostWindow.getShort(at + PackedLayout.DESC_FLAGS);
            }
            long bytes = HostWindow.getUnsignedInt(at + PackedLayout.DESC_LEN);
            long gpa = HostWindow.getLong(at + PackedLayout.DESC_ADDR);
            long added = (flags & DescFlags.INDIRECT) != 0
                    ? takeTable(gpa, bytes, flags, seen)
                    : takeBuffer(gpa, bytes, flags);
            total = added < 0 || total < 0 ? ChainBatch.BAD : total + added;
            if ((flags & DescFlags.NEXT) == 0) {
                batch.id[chain] = HostWindow.getShort(at + PackedLayout.DESC_ID);
                batch.slots[chain] = seen;
                break;
            }
            if (seen == slotsLeft) {
                setFault(RingFault.CHAIN_TOO_LONG, seen);
                batch.segments = firstSegment;
                return false;
            }
            slot = slot + 1 == size ? 0 : slot + 1;
        }
        if (total < 0) {
            batch.segments = firstSegment;
            if (takeMiss()) {
                return false;
            }
        }
        endChain(chain);
        batch.setTotal(chain, total);
        return true;
    }

    /**
     * Walks an indirect table (virtio 1.2 §2.8.8): all its entries in order, and it is the chain's only descriptor. In a ring that
     * is only read, the entries' WRITE flag is of no account: DPDK's driver sets it in the entry of each packet's header.
     */
    private long takeTable(long tableGpa, long tableBytes, int tableFlags, int seen) {
        long entries = tableBytes >> PackedLayout.DESC_SHIFT;
        boolean wellFormed = indirect
                && seen == 1
                && (tableFlags & DescFlags.NEXT) == 0
                && tableBytes != 0
                && (tableBytes & (PackedLayout.descBytes(1) - 1)) == 0
                && entries <= maxTableEntries;
        if (!wellFormed) {
            return ChainBatch.BAD;
        }
        long total = 0;
        for (long entry = 0; entry < entries; entry++) {
            long at = tableEntry(tableGpa + (entry << PackedLayout.DESC_SHIFT));
            if (at == 0) {
                return ChainBatch.BAD;
            }
            int flags = HostWindow.getShort(at + PackedLayout.DESC_FLAGS);
            long bytes = HostWindow.getUnsignedInt(at + PackedLayout.DESC_LEN);
            long gpa = HostWindow.getLong(at + PackedLayout.DESC_ADDR);
            int access = direction == 0 ? 0 : flags;
            if ((flags & DescFlags.INDIRECT) != 0 || takeBuffer(gpa, bytes, access) < 0) {
                return ChainBatch.BAD;
            }
            total += bytes;
        }
        return total;
    }

    @Override
    void moveOn(int count) {
        PackedRecovery tracker = recovery;
        boolean fresh = tracker == null || tracker.left() == 0;
        if (tracker != null && !tracker.taken(batch().slots, count, desc, availSlot)) {
            setFault(RingFault.INFLIGHT_BROKEN, availSlot);
        }
        if (fresh) {
            advanceAvail(slotsOf(batch(), count));
        }
    }

    /** Slots that the first {@code count} chains of the batch take up. */
    private static int slotsOf(ChainBatch batch, int count) {
        if (batch.isPlain()) {
            return count;
        }
        int slots = 0;
        for (int chain = 0; chain < count; chain++) {
            slots += batch.slots[chain];
        }
        return slots;
    }

    @Override
    void putUsed(int count) {
        DirtyLog to = log;
        if (to != null) {
            logBuffers(to, count);
        }
        int firstSlot = usedSlot;
        ChainBatch batch = batch();
        PackedRecovery tracker = recovery;
        if (tracker != null) {
            tracker.returning(batch.slots, count, usedSlot, usedWrap);
        }
        long firstAt = desc + ((long) usedSlot << PackedLayout.DESC_SHIFT) + PackedLayout.DESC_LEN;
        long firstWord = usedWord(batch, usesBatches ? count - 1 : 0);
        int slots = slotsOf(batch, count);
        if (usesBatches) {
            // one word, of the last chain, tells of all
            advanceUsed(slots);
        } else if (batch.isPlain()) {
            setPlainUsed(batch, count);
        } else {
            setUsedBehindFirst(batch, count);
        }
        unasked += slots;
        // release, the first descriptor last: the driver that sees it sees the others and the data
        HostWindow.setLongRelease(firstAt, firstWord);
        if (tracker != null) {
            tracker.returned(count);
        }
        if (to != null) {
            logPublished(to, firstSlot, slots);
        }
    }

    /** As {@link #setUsedBehindFirst}, for a plain batch. */
    private void setPlainUsed(ChainBatch batch, int count) {
        int beforeWrap = Math.min(count, size - usedSlot);
        setPlainUsed(batch, 1, beforeWrap, usedSlot + 1, usedWrap ? STATE_BITS : 0);
        if (beforeWrap < count) {
            setPlainUsed(batch, beforeWrap, count, 0, usedWrap ? 0 : STATE_BITS);
        }
        advanceUsed(count);
    }

    private void setPlainUsed(ChainBatch batch, int from, int to, int slot, int state) {
        int[] id = batch.id;
        int[] writtenBytes = batch.writtenBytes;
        long at = desc + ((long) slot << PackedLayout.DESC_SHIFT) + PackedLayout.DESC_LEN;
        for (int chain = from; chain < to; chain++) {
            HostWindow.setLong(at, usedWord(id[chain], writtenBytes[chain], state));
            at += 1L << PackedLayout.DESC_SHIFT;
        }
    }

    /** Marks all chains used but for the first, and moves on. */
    private void setUsedBehindFirst(ChainBatch batch, int count) {
        advanceUsed(batch.slots[0]);
        for (int chain = 1; chain < count; chain++) {
            HostWindow.setLong(
                    desc + ((long) usedSlot << PackedLayout.DESC_SHIFT) + PackedLayout.DESC_LEN,
                    usedWord(batch, chain));
            advanceUsed(batch.slots[chain]);
        }
    }

    private void logPublished(DirtyLog to, int firstSlot, int slots) {
        int beforeWrap = Math.min(slots, size - firstSlot);
        logHost(to, desc + ((long) firstSlot << PackedLayout.DESC_SHIFT), (long) beforeWrap << PackedLayout.DESC_SHIFT);
        if (slots > beforeWrap) {
            logHost(to, desc, (long) (slots - beforeWrap) << PackedLayout.DESC_SHIFT);
        }
    }

    /** Length, id and flags of a used descriptor, as the 8 bytes that they are in the ring. */
    private long usedWord(ChainBatch batch, int chain) {
        return usedWord(batch.id[chain], batch.writtenBytes[chain], usedWrap ? STATE_BITS : 0);
    }

    private static long usedWord(int id, int written, int state) {
        int flags = state | (written == 0 ? 0 : DescFlags.WRITE);
        return Integer.toUnsignedLong(written) | (long) id << 32 | (long) flags << 48;
    }

    private void advanceAvail(int slots) {
        availSlot += slots;
        if (availSlot >= size) {
            availSlot -= size;
            availWrap = !availWrap;
        }
    }

    private void advanceUsed(int slots) {
        usedSlot += slots;
        if (usedSlot >= size) {
            usedSlot -= size;
            usedWrap = !usedWrap;
        }
    }

    @Override
    public int unannounced() {
        return unasked;
    }

    @Override
    public boolean needsNotification() {
        // the store of the used descriptors must be visible before the driver's wish is read; the driver does the
        // opposite
        VarHandle.fullFence();
        int published = unasked;
        unasked = 0;
        if (neverAsked) {
            neverAsked = false;
            return true;
        }
        int flags = HostWindow.getShortAcquire(driverEvent + PackedLayout.EVENT_FLAGS) & 3;
        if (flags != PackedLayout.EVENT_DESC || !eventIdx) {
            return flags != PackedLayout.EVENT_DISABLE;
        }
        int event = HostWindow.getShort(driverEvent + PackedLayout.EVENT_OFF_WRAP);
        int eventSlot = event & ~PackedLayout.WRAP_BIT;
        boolean eventWrap = (event & PackedLayout.WRAP_BIT) != 0;
        // how many slots the used position has passed since the event's: 1 to published means that it was just reached
        int passed = usedSlot - (eventWrap == usedWrap ? eventSlot : eventSlot - size);
        return passed > 0 && passed <= published;
    }

    @Override
    public void enableNotification(boolean enable) {
        int flags = PackedLayout.EVENT_DISABLE;
        if (enable) {
            flags = eventIdx ? PackedLayout.EVENT_DESC : PackedLayout.EVENT_ENABLE;
            HostWindow.setShort(
                    deviceEvent + PackedLayout.EVENT_OFF_WRAP, availSlot | (availWrap ? PackedLayout.WRAP_BIT : 0));
        }
        HostWindow.setShortRelease(deviceEvent + PackedLayout.EVENT_FLAGS, flags);
        DirtyLog to = log;
        if (to != null) {
            logState(to);
        }
        VarHandle.fullFence();
    }

    @Override
    void logState(DirtyLog to) {
        logUsed(to, deviceEvent, 0, PackedLayout.EVENT_BYTES);
        if (recovery != null) {
            // recovering may have written any of them
            logHost(to, desc, (long) size << PackedLayout.DESC_SHIFT);
        }
    }

    @Override
    public int available() {
        int slot = availSlot;
        int expected = availWrap ? PackedLayout.FLAG_AVAIL : PackedLayout.FLAG_USED;
        PackedRecovery pending = recovery;
        int chains = pending == null ? 0 : pending.left();
        int slotsLeft = pending == null ? size : size - pending.slotsLeft();
        boolean inChain = false;
        for (int seen = 0; seen < slotsLeft; seen++) {
            int flags = HostWindow.getShortAcquire(flagsAt(slot));
            if (!inChain && (flags & STATE_BITS) != expected) {
                break;
            }
            inChain = (flags & DescFlags.NEXT) != 0;
            if (!inChain) {
                chains++;
            }
            if (++slot == size) {
                slot = 0;
                expected ^= STATE_BITS;
            }
        }
        return chains;
    }

    @Override
    public int base() {
        PackedRecovery pending = recovery;
        if (pending != null && pending.left() > 0 || taken() > 0) {
            // what was taken, by the process before or this one, is still in flight for the next
            int position = usedSlot | (usedWrap ? PackedLayout.WRAP_BIT : 0);
            return position | position << 16;
        }
        return availSlot
                | (availWrap ? PackedLayout.WRAP_BIT : 0)
                | usedSlot << 16
                | (usedWrap ? PackedLayout.WRAP_BIT << 16 : 0);
    }
}
