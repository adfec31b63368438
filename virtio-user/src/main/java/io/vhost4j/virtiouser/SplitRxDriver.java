// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.Packet;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Receives over a split ring (virtio 1.2 §2.7). Every buffer is one descriptor. */
final class SplitRxDriver implements RxDriver {
    private static final int REFILL = 32;

    private final int size;
    private final int mask;
    private final int refillAt;
    private final long desc;
    private final long avail;
    private final long used;
    private final boolean eventIdx;
    private final boolean inOrder;
    private final RxBuffers buffers;
    private final Slots slots;
    private @Nullable EventFd kick;
    private @Nullable String fault;
    private int availIdx;
    private int lastUsed;
    private int seenUsed;

    SplitRxDriver(RingArea area, RingOptions options, RxBuffers buffers) {
        this.size = area.size();
        this.mask = size - 1;
        this.refillAt = Math.clamp(size / 8, 1, REFILL);
        this.desc = area.desc();
        this.avail = area.driver();
        this.used = area.device();
        this.eventIdx = options.eventIdx();
        this.inOrder = options.inOrder();
        this.buffers = buffers;
        this.slots = new Slots(size);
    }

    @Override
    public int receive(@Nullable Packet[] packets, int from, int limit) {
        int made = 0;
        int harvested;
        do {
            harvested = harvest(Math.min(limit - made, buffers.room()));
            made += buffers.assemble(packets, from + made, limit - made);
        } while (made < limit && harvested > 0 && fault() == null);
        int free = slots.free();
        if (free >= refillAt || made == 0 && free > 0) {
            refill();
        }
        return made;
    }

    /** Takes up to {@code limit} used buffers from the ring. */
    private int harvest(int limit) {
        if (((seenUsed - lastUsed) & 0xFFFF) < limit) {
            seenUsed = HostWindow.getShortAcquire(
                    used + SplitLayout.RING_IDX); // pairs with the device's release of used.idx
        }
        int ready = (seenUsed - lastUsed) & 0xFFFF;
        if (ready > slots.chains() || fault != null) {
            return overrun(ready);
        }
        int count = Math.min(ready, limit);
        int taken = 0;
        while (taken < count) {
            long entry = used + SplitLayout.RING_ENTRIES + ((long) (lastUsed & mask) << SplitLayout.USED_SHIFT);
            int id = HostWindow.getInt(entry);
            int length = HostWindow.getInt(entry + SplitLayout.USED_LEN);
            PooledPacket packet = slots.held(id);
            if (packet == null) {
                fault = "used entry has id=" + Integer.toUnsignedString(id) + ", which is not in flight";
                break;
            }
            if (inOrder && id != slots.oldest()) {
                // a batch: only its last buffer has an entry, the others before it were used to the full
                int skipped = takeUpTo(id, ready - taken);
                if (skipped == 0) {
                    break;
                }
                taken += skipped;
            }
            lastUsed = (lastUsed + 1) & 0xFFFF;
            slots.release(id);
            buffers.used(packet, length);
            taken++;
        }
        return taken;
    }

    private int overrun(int ready) {
        if (fault == null) {
            fault = "used.idx=" + seenUsed + " is " + ready + " entries ahead, only " + slots.chains()
                    + " buffers are in flight";
        }
        return 0;
    }

    /** Takes the buffers that a batch leaves out. Returns how many there are, 0 if they cannot be. */
    private int takeUpTo(int id, int ready) {
        int count = (id - slots.oldest()) & mask;
        if (count >= ready) {
            fault = "used entry has id=" + id + " out of order";
            return 0;
        }
        for (int i = 0; i < count; i++) {
            int earlier = slots.oldest();
            PooledPacket packet = slots.held(earlier);
            if (packet == null) {
                fault = "used entry has id=" + id + " out of order";
                return 0;
            }
            lastUsed = (lastUsed + 1) & 0xFFFF;
            slots.release(earlier);
            buffers.used(packet, buffers.capacity());
        }
        return count;
    }

    private void refill() {
        int before = availIdx;
        while (slots.free() > 0) {
            PooledPacket packet = buffers.next();
            if (packet == null) {
                break;
            }
            post(packet);
        }
        if (availIdx != before) {
            publish(before);
        }
    }

    private void post(PooledPacket packet) {
        int id = slots.take();
        // length and flags were written by restart()
        HostWindow.setLong(desc + ((long) id << SplitLayout.DESC_SHIFT), packet.dataAddress() - NetHeader.BYTES);
        slots.hold(id, packet, 1);
        long at = avail + SplitLayout.RING_ENTRIES + ((long) (availIdx & mask) << SplitLayout.AVAIL_SHIFT);
        // mostly the entry has this id from the round before: not writing saves the back-end a cache miss
        if (HostWindow.getShort(at) != id) {
            HostWindow.setShort(at, id);
        }
        availIdx = (availIdx + 1) & 0xFFFF;
    }

    private void publish(int before) {
        HostWindow.setShortRelease(
                avail + SplitLayout.RING_IDX, availIdx); // pairs with the device's acquire of avail.idx
        // full: the index must be visible before we look whether the device wants a kick
        VarHandle.fullFence();
        if (RingNotify.splitNeedsKick(used, size, eventIdx, before, availIdx) && kick != null) {
            kick.signal();
        }
    }

    @Override
    public boolean wantCalls(boolean wanted) {
        RingNotify.splitWantCalls(avail, size, eventIdx, lastUsed, wanted);
        // full: the wish must be visible before we look for buffers that were used without a call
        VarHandle.fullFence();
        return buffers.waiting() || HostWindow.getShortAcquire(used + SplitLayout.RING_IDX) != lastUsed;
    }

    @Override
    public int settle() {
        harvest(size);
        if (fault() != null) {
            return -1;
        }
        buffers.dropPartial();
        return lastUsed;
    }

    @Override
    public int restart(EventFd newKick) {
        harvest(size);
        buffers.dropPartial();
        fault = null;
        kick = newKick;
        List<PooledPacket> again = slots.inFlight();
        slots.reset();
        long lengthAndFlags = buffers.capacity() | (long) DescFlags.WRITE << 32;
        for (int id = 0; id < size; id++) {
            long at = desc + ((long) id << SplitLayout.DESC_SHIFT);
            HostWindow.setLong(at, 0);
            HostWindow.setLong(at + SplitLayout.DESC_LEN, lengthAndFlags);
        }
        HostWindow.fill(avail, SplitLayout.availBytes(size), 0);
        HostWindow.fill(used, SplitLayout.usedBytes(size), 0);
        int base = lastUsed;
        availIdx = base;
        seenUsed = base;
        HostWindow.setShort(used + SplitLayout.RING_IDX, base);
        RingNotify.splitWantCalls(avail, size, eventIdx, base, false);
        for (PooledPacket packet : again) {
            post(packet);
        }
        publish(base);
        refill();
        return base;
    }

    @Override
    public void release() {
        buffers.release();
        for (PooledPacket packet : slots.inFlight()) {
            packet.free();
        }
        slots.reset();
        lastUsed = availIdx;
        seenUsed = availIdx;
    }

    @Override
    public @Nullable String fault() {
        return fault != null ? fault : buffers.fault();
    }

    @Override
    public TrafficCounter counter() {
        return buffers.counter();
    }
}
