// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.Packet;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Receives over a packed ring (virtio 1.2 §2.8). Every buffer is one descriptor. Descriptors are written as in {@link PackedTxDriver}. */
final class PackedRxDriver implements RxDriver {
    private static final int REFILL = 32;
    private static final int BOTH = PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED;

    private final RingArea area;
    private final int size;
    private final int refillAt;
    private final long desc;
    private final boolean eventIdx;
    private final boolean inOrder;
    private final RxBuffers buffers;
    private final Slots slots;
    private @Nullable EventFd kick;
    private @Nullable String fault;

    private int nextAvail;
    private int availFlags = PackedLayout.FLAG_AVAIL;
    private int lastUsed;
    private int usedFlags = BOTH;
    private long firstAt;
    private long firstWord;
    private int added;

    PackedRxDriver(RingArea area, RingOptions options, RxBuffers buffers) {
        this.area = area;
        this.size = area.size();
        this.refillAt = Math.clamp(size / 8, 1, REFILL);
        this.desc = area.desc();
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

    /** Takes used buffers from the ring: up to {@code limit}, and the rest of a batch. */
    private int harvest(int limit) {
        int taken = 0;
        while (taken < limit && fault == null && slots.chains() > 0) {
            long at = desc + ((long) lastUsed << PackedLayout.DESC_SHIFT);
            int flags = HostWindow.getShortAcquire(
                    at + PackedLayout.DESC_FLAGS); // pairs with the device's release of the flags
            if ((flags & BOTH) != usedFlags) {
                break;
            }
            int id = HostWindow.getShort(at + PackedLayout.DESC_ID);
            int length = HostWindow.getInt(at + PackedLayout.DESC_LEN);
            PooledPacket packet = slots.held(id);
            if (packet == null) {
                fault = "used descriptor " + lastUsed + " has id=" + id + ", which is not in flight";
                break;
            }
            // a batch: only its last buffer has a descriptor, the others before it were used to the full
            while (inOrder && slots.oldest() != id) {
                int earlier = slots.oldest();
                PooledPacket skipped = slots.held(earlier);
                if (skipped == null) {
                    fault = "used descriptor " + lastUsed + " has id=" + id + " out of order";
                    return taken;
                }
                take(earlier, skipped, buffers.capacity());
                taken++;
            }
            take(id, packet, length);
            taken++;
        }
        return taken;
    }

    private void take(int id, PooledPacket packet, int length) {
        slots.release(id);
        buffers.used(packet, length);
        if (++lastUsed == size) {
            lastUsed = 0;
            usedFlags ^= BOTH;
        }
    }

    private void refill() {
        while (slots.free() > 0) {
            PooledPacket packet = buffers.next();
            if (packet == null) {
                break;
            }
            post(packet);
        }
        if (added > 0) {
            publish();
        }
    }

    private void post(PooledPacket packet) {
        int id = slots.take();
        slots.hold(id, packet, 1);
        long at = desc + ((long) nextAvail << PackedLayout.DESC_SHIFT);
        long word = buffers.capacity() | (long) id << 32 | (long) (DescFlags.WRITE | availFlags) << 48;
        HostWindow.setLong(at, packet.dataAddress() - NetHeader.BYTES);
        if (added++ == 0) {
            firstAt = at;
            firstWord = word;
        } else {
            HostWindow.setLong(at + PackedLayout.DESC_LEN, word);
        }
        if (++nextAvail == size) {
            nextAvail = 0;
            availFlags ^= BOTH;
        }
    }

    private void publish() {
        HostWindow.setLongRelease(
                firstAt + PackedLayout.DESC_LEN, firstWord); // pairs with the device's acquire of the flags
        int published = added;
        added = 0;
        // full: the flags must be visible before we look whether the device wants a kick
        VarHandle.fullFence();
        boolean wrap = availFlags == PackedLayout.FLAG_AVAIL;
        if (RingNotify.packedNeedsKick(area.device(), size, eventIdx, nextAvail, wrap, published) && kick != null) {
            kick.signal();
        }
    }

    @Override
    public boolean wantCalls(boolean wanted) {
        RingNotify.packedWantCalls(area.driver(), eventIdx, lastUsed, usedFlags != 0, wanted);
        // full: the wish must be visible before we look for buffers that were used without a call
        VarHandle.fullFence();
        long at = desc + ((long) lastUsed << PackedLayout.DESC_SHIFT);
        boolean used = (HostWindow.getShortAcquire(at + PackedLayout.DESC_FLAGS) & BOTH) == usedFlags;
        return buffers.waiting() || used && slots.chains() > 0;
    }

    @Override
    public int settle() {
        harvest(size);
        if (fault() != null) {
            return -1;
        }
        buffers.dropPartial();
        return lastUsed | (usedFlags != 0 ? PackedLayout.WRAP_BIT : 0);
    }

    @Override
    public int restart(EventFd newKick) {
        harvest(size);
        buffers.dropPartial();
        fault = null;
        kick = newKick;
        List<PooledPacket> again = slots.inFlight();
        slots.reset();
        int base = PackedRestart.clear(area, lastUsed, usedFlags != 0);
        nextAvail = lastUsed;
        availFlags = usedFlags != 0 ? PackedLayout.FLAG_AVAIL : PackedLayout.FLAG_USED;
        RingNotify.packedWantCalls(area.driver(), eventIdx, lastUsed, usedFlags != 0, false);
        for (PooledPacket packet : again) {
            post(packet);
        }
        refill();
        if (added > 0) {
            publish();
        }
        return base;
    }

    @Override
    public void release() {
        buffers.release();
        for (PooledPacket packet : slots.inFlight()) {
            packet.free();
        }
        slots.reset();
        lastUsed = nextAvail;
        usedFlags = availFlags == PackedLayout.FLAG_AVAIL ? BOTH : 0;
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
