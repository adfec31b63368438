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

/**
 * Transmits over a packed ring (virtio 1.2 §2.8). A chain has one id, whatever its length.
 *
 * <p>The last eight bytes of a descriptor (length, id, flags) are written as one. Those of a burst's first descriptor come last, with
 * release: the device sees the whole burst or nothing.
 */
final class PackedTxDriver implements TxDriver {
    private static final int DONE_BATCH = 64;
    private static final int NO_ROOM = -1;
    private static final int DROPPED = -2;
    private static final int BOTH = PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED;

    private final RingArea area;
    private final int size;
    private final long desc;
    private final boolean eventIdx;
    private final boolean inOrder;
    private final boolean indirect;
    private final TxGather gather;
    private final Slots slots;
    private final TrafficCounter counter = new TrafficCounter();
    private final @Nullable Packet[] done = new Packet[DONE_BATCH];
    private int collected;
    private @Nullable EventFd kick;
    private @Nullable String fault;

    private int nextAvail;
    private int availFlags = PackedLayout.FLAG_AVAIL;
    private int freeDescs;
    private int lastUsed;
    private int usedFlags = BOTH;
    private long firstAt;
    private long firstWord;
    private int added;

    PackedTxDriver(RingArea area, RingOptions options, TxGather gather) {
        this.area = area;
        this.size = area.size();
        this.desc = area.desc();
        this.eventIdx = options.eventIdx();
        this.inOrder = options.inOrder();
        this.indirect = options.indirect();
        this.gather = gather;
        this.slots = new Slots(size);
        this.freeDescs = size;
    }

    @Override
    public int transmit(Packet[] packets, int from, int count) {
        if (freeDescs < Math.max(count, size >>> 1)) {
            reclaim();
        }
        if (fault != null) {
            return 0;
        }
        long bytes = 0;
        int taken = 0;
        int dropped = 0;
        while (taken < count) {
            if (packets[from + taken] instanceof PooledPacket packet && gather.isPlain(packet)) {
                if (freeDescs == 0) {
                    break;
                }
                int length = packet.dataLength();
                long start = packet.dataAddress() - NetHeader.BYTES;
                gather.writeHeader(start, packet);
                int id = slots.take();
                slots.hold(id, packet, 1);
                writeDesc(start, length + NetHeader.BYTES, id, 0);
                bytes += length;
            } else {
                long more = transmitAny(packets[from + taken]);
                if (more == NO_ROOM) {
                    break;
                }
                if (more == DROPPED) {
                    dropped++;
                } else {
                    bytes += more;
                }
            }
            taken++;
        }
        if (added > 0) {
            publish();
        }
        counter.add(taken - dropped, bytes, dropped);
        return taken;
    }

    private void writeDesc(long address, int length, int id, int flags) {
        long at = desc + ((long) nextAvail << PackedLayout.DESC_SHIFT);
        long word = length | (long) id << 32 | (long) (flags | availFlags) << 48;
        HostWindow.setLong(at, address);
        if (added++ == 0) {
            firstAt = at;
            firstWord = word;
        } else {
            HostWindow.setLong(at + PackedLayout.DESC_LEN, word);
        }
        freeDescs--;
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

    /** Returns the packet's bytes, or {@link #NO_ROOM} if it was not taken, or {@link #DROPPED} if it can never be sent. */
    private long transmitAny(Packet packet) {
        int count = packet instanceof PooledPacket pooled ? gather.gather(pooled) : TxGather.FOREIGN;
        if (count == TxGather.TOO_LONG) {
            packet.free();
            return DROPPED;
        }
        long bytes = packet.packetLength();
        if (count != TxGather.FOREIGN) {
            return place((PooledPacket) packet, count) ? bytes : NO_ROOM;
        }
        PooledPacket copy = gather.copy(packet);
        if (copy == null) {
            return NO_ROOM;
        }
        count = gather.gather(copy);
        if (count <= 0) {
            copy.free();
            packet.free();
            return DROPPED;
        }
        if (!place(copy, count)) {
            copy.free();
            return NO_ROOM;
        }
        packet.free();
        return bytes;
    }

    /** Writes the gathered packet's descriptors, if there is room. */
    private boolean place(PooledPacket packet, int count) {
        boolean table = indirect && count > 1 && count <= RingArea.TABLE_ENTRIES;
        int descs = table ? 1 : count;
        if (freeDescs < descs) {
            return false;
        }
        int id = slots.take();
        gather.placeHeader(area.header(id), packet);
        slots.hold(id, packet, descs);
        if (table) {
            writeTable(area.table(id), count);
            writeDesc(area.table(id), count << PackedLayout.DESC_SHIFT, id, DescFlags.INDIRECT);
            return true;
        }
        for (int i = 0; i < count; i++) {
            writeDesc(gather.address(i), gather.length(i), id, i + 1 < count ? DescFlags.NEXT : 0);
        }
        return true;
    }

    /** Indirect tables of packed rings have no ids, and only the flag of buffers that the device writes. */
    private void writeTable(long table, int count) {
        for (int i = 0; i < count; i++) {
            long at = table + ((long) i << PackedLayout.DESC_SHIFT);
            HostWindow.setLong(at, gather.address(i));
            HostWindow.setLong(at + PackedLayout.DESC_LEN, gather.length(i));
        }
    }

    @Override
    public int reclaim() {
        while (fault == null) {
            long at = desc + ((long) lastUsed << PackedLayout.DESC_SHIFT);
            int flags = HostWindow.getShortAcquire(
                    at + PackedLayout.DESC_FLAGS); // pairs with the device's release of the flags
            if ((flags & BOTH) != usedFlags || slots.chains() == 0) {
                break;
            }
            complete(HostWindow.getShort(at + PackedLayout.DESC_ID));
        }
        if (collected > 0) {
            gather.pool().freeBulk(done, 0, collected);
            collected = 0;
        }
        return slots.chains();
    }

    /** Completes the chain with this id, and those before it if the device may leave them out. */
    private void complete(int id) {
        PooledPacket packet = slots.held(id);
        if (packet == null) {
            fault = "used descriptor " + lastUsed + " has id=" + id + ", which is not in flight";
            return;
        }
        while (inOrder && slots.oldest() != id) {
            int earlier = slots.oldest();
            PooledPacket skipped = slots.held(earlier);
            if (skipped == null) {
                fault = "used descriptor " + lastUsed + " has id=" + id + " out of order";
                return;
            }
            completeOne(earlier, skipped);
        }
        completeOne(id, packet);
    }

    private void completeOne(int id, PooledPacket packet) {
        int descs = slots.count(id);
        freeDescs += descs;
        lastUsed += descs;
        if (lastUsed >= size) {
            lastUsed -= size;
            usedFlags ^= BOTH;
        }
        slots.release(id);
        done[collected++] = packet;
        if (collected == DONE_BATCH) {
            gather.pool().freeBulk(done, 0, collected);
            collected = 0;
        }
    }

    @Override
    public int settle() {
        reclaim();
        return fault == null ? lastUsed | (usedFlags != 0 ? PackedLayout.WRAP_BIT : 0) : -1;
    }

    @Override
    public int restart(EventFd newKick) {
        reclaim();
        fault = null;
        kick = newKick;
        List<PooledPacket> again = slots.inFlight();
        slots.reset();
        int base = PackedRestart.clear(area, lastUsed, usedFlags != 0);
        nextAvail = lastUsed;
        availFlags = usedFlags != 0 ? PackedLayout.FLAG_AVAIL : PackedLayout.FLAG_USED;
        freeDescs = size;
        RingNotify.packedWantCalls(area.driver(), eventIdx, lastUsed, usedFlags != 0, false);
        for (PooledPacket packet : again) {
            int count = gather.gather(packet);
            if (count <= 0 || !place(packet, count)) {
                packet.free();
                counter.add(0, 0, 1);
            }
        }
        if (added > 0) {
            publish();
        }
        return base;
    }

    @Override
    public void release() {
        for (PooledPacket packet : slots.inFlight()) {
            packet.free();
        }
        slots.reset();
        lastUsed = nextAvail;
        usedFlags = availFlags == PackedLayout.FLAG_AVAIL ? BOTH : 0;
        freeDescs = size;
    }

    @Override
    public @Nullable String fault() {
        return fault;
    }

    @Override
    public TrafficCounter counter() {
        return counter;
    }
}
