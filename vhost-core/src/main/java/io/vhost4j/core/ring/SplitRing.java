// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.memory.Iotlb;
import io.vhost4j.core.memory.SplitInflight;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** The device's side of a split virtqueue (virtio 1.2 §2.7). */
final class SplitRing extends Ring {
    private final int mask;
    private long desc;
    private long avail;
    private long used;

    /** Free-running, 16 bits: the next entry of the available ring to use, and of the used ring to write. */
    private int lastAvail;

    private int lastUsed;
    /** What the driver's index was when last read. Not read again while there is enough up to it: each look takes its cache line from the driver. */
    private int knownAvail;
    /** Where {@link #lastUsed} was when the driver was last asked whether to notify it. */
    private int lastNotified;

    private boolean neverAsked = true;

    private @Nullable SplitInflight inflight;
    /** Heads of chains that the process before had taken; those from {@link #againAt} on are still to be gathered. */
    private int[] again = {};

    private int againAt;

    SplitRing(RingSetup setup, GuestMemory memory, @Nullable Iotlb iotlb, int direction) {
        super(setup, memory, iotlb, direction);
        mask = size - 1;
        desc = setup.desc();
        avail = setup.driver();
        used = setup.device();
        goTo(setup.base());
        lastUsed = HostWindow.getShortAcquire(used + SplitLayout.RING_IDX);
        lastNotified = lastUsed;
    }

    @Override
    void setAddresses(long newDesc, long newDriver, long newDevice) {
        desc = newDesc;
        avail = newDriver;
        used = newDevice;
    }

    @Override
    public void track(long buffer) {
        inflight = new SplitInflight(buffer, size, features, lastUsed);
        again = inflight.recover(lastUsed);
        againAt = 0;
        goTo(lastUsed + again.length);
    }

    @Override
    public int recovered() {
        return again.length - againAt;
    }

    @Override
    public void resumeAtUsed() {
        goTo(lastUsed);
    }

    /** Goes on from another place, of which nothing is known yet. */
    private void goTo(int index) {
        lastAvail = index & 0xFFFF;
        knownAvail = lastAvail;
    }

    private int gatherAgain(ChainBatch batch, int max) {
        int count = Math.min(max, again.length - againAt);
        int slotsLeft = size;
        int chain = 0;
        batch.spread(0);
        while (chain < count && mayReadTables()) {
            batch.id[chain] = again[againAt + chain];
            batch.firstSegment[chain] = batch.segments;
            int slots = takeChain(batch, chain, batch.id[chain], slotsLeft);
            if (slots == 0) {
                break;
            }
            slotsLeft -= slots;
            chain++;
        }
        batch.firstSegment[chain] = batch.segments;
        return chain;
    }

    @Override
    int gather(int max, boolean shared) {
        if (againAt < again.length) {
            return gatherAgain(startGather(shared), max);
        }
        int ready = (knownAvail - lastAvail) & 0xFFFF;
        if (ready < max) {
            // acquire: pairs with the driver's release of avail.idx after it wrote the entries and descriptors
            int index = HostWindow.getShortAcquire(avail + SplitLayout.RING_IDX);
            ready = (index - lastAvail) & 0xFFFF;
            if (ready > size) {
                setFault(RingFault.AVAIL_OVERRUN, ready);
                return 0;
            }
            knownAvail = index;
        }
        if (ready == 0) {
            return 0;
        }
        ChainBatch batch = startGather(shared);
        int count = Math.min(ready, max);
        int chain = gatherPlain(batch, count);
        batch.segments = chain;
        return chain < count ? gatherRest(batch, chain, count) : chain;
    }

    /** The common case: chains of one descriptor each, with buffers inside one region. Returns how many of the {@code count} next chains are so. */
    private int gatherPlain(ChainBatch batch, int count) {
        long table = desc;
        long entries = avail + SplitLayout.RING_ENTRIES;
        int next = lastAvail;
        int sizeMask = mask;
        int[] id = batch.id;
        int[] length = batch.length;
        long[] address = batch.address;
        int kind = direction;
        int chain = 0;
        for (; chain < count; chain++) {
            int head = HostWindow.getShort(entries + ((long) ((next + chain) & sizeMask) << SplitLayout.AVAIL_SHIFT));
            if (head > sizeMask) {
                break;
            }
            long from = table + ((long) head << SplitLayout.DESC_SHIFT);
            long gpa = HostWindow.getLong(from + SplitLayout.DESC_ADDR);
            long rest = HostWindow.getLong(from + SplitLayout.DESC_LEN);
            if (((int) (rest >>> 32) & KIND) != kind) {
                break;
            }
            id[chain] = head;
            address[chain] = gpa;
            length[chain] = (int) rest;
        }
        return buffers.toHost(address, length, 0, chain);
    }

    /** Any chains, behind {@code gathered} plain ones. */
    private int gatherRest(ChainBatch batch, int gathered, int count) {
        long entries = avail + SplitLayout.RING_ENTRIES;
        int slotsLeft = size - gathered;
        int chain = gathered;
        batch.spread(chain);
        while (chain < count && mayReadTables()) {
            int head = HostWindow.getShort(entries + ((long) ((lastAvail + chain) & mask) << SplitLayout.AVAIL_SHIFT));
            if (head >= size) {
                setFault(RingFault.HEAD_OUT_OF_RANGE, head);
                break;
            }
            batch.id[chain] = head;
            batch.firstSegment[chain] = batch.segments;
            int slots = takeChain(batch, chain, head, slotsLeft);
            if (slots == 0) {
                break;
            }
            slotsLeft -= slots;
            chain++;
        }
        batch.firstSegment[chain] = batch.segments;
        return chain;
    }

    /**
     * Any chain.
     *
     * @param slotsLeft descriptors that the chains gathered before leave: together they cannot have more than the ring
     * @return its descriptors; 0 if the ring cannot be trusted any more, or the chain has to wait for the IOTLB
     */
    private int takeChain(ChainBatch batch, int chain, int head, int slotsLeft) {
        int firstSegment = batch.segments;
        long total = 0;
        int slot = head;
        int seen = 0;
        startChain();
        while (true) {
            if (++seen > slotsLeft) {
                setFault(RingFault.CHAIN_TOO_LONG, seen);
                batch.segments = firstSegment;
                return 0;
            }
            long at = desc + ((long) slot << SplitLayout.DESC_SHIFT);
            int flags = HostWindow.getShort(at + SplitLayout.DESC_FLAGS);
            long bytes = HostWindow.getUnsignedInt(at + SplitLayout.DESC_LEN);
            long gpa = HostWindow.getLong(at + SplitLayout.DESC_ADDR);
            long added =
                    (flags & DescFlags.INDIRECT) != 0 ? takeTable(gpa, bytes, flags) : takeBuffer(gpa, bytes, flags);
            total = added < 0 || total < 0 ? ChainBatch.BAD : total + added;
            if ((flags & DescFlags.NEXT) == 0 || (flags & DescFlags.INDIRECT) != 0) {
                break;
            }
            slot = HostWindow.getShort(at + SplitLayout.DESC_NEXT);
            if (slot >= size) {
                setFault(RingFault.NEXT_OUT_OF_RANGE, slot);
                batch.segments = firstSegment;
                return 0;
            }
        }
        if (total < 0) {
            batch.segments = firstSegment;
            if (takeMiss()) {
                return 0;
            }
        }
        endChain(chain);
        batch.setTotal(chain, total);
        return seen;
    }

    /** Walks an indirect table (virtio 1.2 §2.7.5.3); its entries follow each other by {@code next}, from entry 0. */
    private long takeTable(long tableGpa, long tableBytes, int tableFlags) {
        long entries = tableBytes >> SplitLayout.DESC_SHIFT;
        boolean wellFormed = indirect
                && (tableFlags & DescFlags.NEXT) == 0
                && tableBytes != 0
                && (tableBytes & (SplitLayout.descBytes(1) - 1)) == 0
                && entries <= maxTableEntries;
        if (!wellFormed) {
            return ChainBatch.BAD;
        }
        long total = 0;
        long slot = 0;
        for (int seen = 1; seen <= entries; seen++) {
            long at = tableEntry(tableGpa + (slot << SplitLayout.DESC_SHIFT));
            if (at == 0) {
                return ChainBatch.BAD;
            }
            int flags = HostWindow.getShort(at + SplitLayout.DESC_FLAGS);
            long bytes = HostWindow.getUnsignedInt(at + SplitLayout.DESC_LEN);
            long gpa = HostWindow.getLong(at + SplitLayout.DESC_ADDR);
            if ((flags & DescFlags.INDIRECT) != 0 || takeBuffer(gpa, bytes, flags) < 0) {
                return ChainBatch.BAD;
            }
            total += bytes;
            if ((flags & DescFlags.NEXT) == 0) {
                return total;
            }
            slot = HostWindow.getShort(at + SplitLayout.DESC_NEXT);
            if (slot >= entries) {
                return ChainBatch.BAD;
            }
        }
        return ChainBatch.BAD;
    }

    @Override
    void moveOn(int count) {
        if (againAt != again.length) {
            againAt += count;
            return;
        }
        SplitInflight tracker = inflight;
        if (tracker != null) {
            tracker.taken(batch().id, count);
        }
        lastAvail = (lastAvail + count) & 0xFFFF;
    }

    @Override
    void putUsed(int count) {
        DirtyLog to = log;
        if (to != null) {
            logBuffers(to, count);
        }
        int first = lastUsed;
        ChainBatch batch = batch();
        SplitInflight tracker = inflight;
        if (tracker != null) {
            tracker.returning(batch.id, count);
        }
        int toTell = usesBatches ? count - 1 : 0;
        int sizeMask = mask;
        int[] id = batch.id;
        int[] writtenBytes = batch.writtenBytes;
        for (int chain = toTell; chain < count; chain++) {
            int entry = (first + chain - toTell) & sizeMask;
            setUsed(used + SplitLayout.usedEntry(entry), id[chain], writtenBytes[chain]);
        }
        lastUsed = (lastUsed + count) & 0xFFFF;
        // release: the driver that sees the index sees the entries and the data
        HostWindow.setShortRelease(used + SplitLayout.RING_IDX, lastUsed);
        if (tracker != null) {
            tracker.returned(batch.id, count, lastUsed);
        }
        if (to != null) {
            logPublished(to, first, count);
        }
    }

    /** Sets an element unless it says the same already, from the round before: then its cache line stays with the driver, too. */
    private static void setUsed(long at, int id, int written) {
        long element = Integer.toUnsignedLong(id) | (long) written << 32;
        if (HostWindow.getLong(at) != element) {
            HostWindow.setLong(at, element);
        }
    }

    private void logPublished(DirtyLog to, int first, int count) {
        logUsed(to, used, SplitLayout.RING_IDX, 2);
        int slot = first & mask;
        int beforeWrap = Math.min(count, size - slot);
        logUsed(to, used, SplitLayout.usedEntry(slot), (long) beforeWrap << SplitLayout.USED_SHIFT);
        logUsed(to, used, SplitLayout.usedEntry(0), (long) (count - beforeWrap) << SplitLayout.USED_SHIFT);
    }

    @Override
    public int unannounced() {
        return (lastUsed - lastNotified) & 0xFFFF;
    }

    @Override
    public boolean needsNotification() {
        // the store of used.idx must be visible before the driver's wish is read; the driver does the opposite
        VarHandle.fullFence();
        int before = lastNotified;
        lastNotified = lastUsed;
        if (neverAsked) {
            neverAsked = false;
            return true;
        }
        if (!eventIdx) {
            return (HostWindow.getShort(avail + SplitLayout.RING_FLAGS) & SplitLayout.AVAIL_NO_INTERRUPT) == 0;
        }
        int event = HostWindow.getShort(avail + SplitLayout.usedEvent(size));
        return ((lastUsed - event - 1) & 0xFFFF) < ((lastUsed - before) & 0xFFFF);
    }

    @Override
    public void enableNotification(boolean enable) {
        if (eventIdx) {
            HostWindow.setShort(used + SplitLayout.RING_FLAGS, 0);
            // the driver notifies on reaching the event index: the one behind us is the furthest away
            int event = enable ? lastAvail : lastAvail - 1;
            HostWindow.setShort(used + SplitLayout.availEvent(size), event);
        } else {
            HostWindow.setShort(used + SplitLayout.RING_FLAGS, enable ? 0 : SplitLayout.USED_NO_NOTIFY);
        }
        DirtyLog to = log;
        if (to != null) {
            logState(to);
        }
        VarHandle.fullFence();
    }

    @Override
    void logState(DirtyLog to) {
        logUsed(to, used, SplitLayout.RING_FLAGS, 2);
        logUsed(to, used, SplitLayout.availEvent(size), 2);
    }

    @Override
    public int available() {
        int ready = (HostWindow.getShortAcquire(avail + SplitLayout.RING_IDX) - lastAvail) & 0xFFFF;
        return Math.min(ready + again.length - againAt, size);
    }

    @Override
    public int base() {
        // chains that were taken, by the process before or this one, are still in flight for the next
        return (lastAvail - (again.length - againAt) - taken()) & 0xFFFF;
    }
}
