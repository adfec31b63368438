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

/** Transmits over a split ring (virtio 1.2 §2.7). An id is a descriptor; a chain has the id of its first. */
final class SplitTxDriver implements TxDriver {
    private static final int DONE_BATCH = 64;
    private static final int NO_ROOM = -1;
    private static final int DROPPED = -2;

    private final RingArea area;
    private final int size;
    private final int mask;
    private final long desc;
    private final long avail;
    private final long used;
    private final boolean eventIdx;
    private final boolean inOrder;
    private final boolean indirect;
    private final TxGather gather;
    private final Slots slots;
    private final TrafficCounter counter = new TrafficCounter();
    private final @Nullable Packet[] done = new Packet[DONE_BATCH];
    private @Nullable EventFd kick;
    private @Nullable String fault;
    private int availIdx;
    private int lastUsed;

    SplitTxDriver(RingArea area, RingOptions options, TxGather gather) {
        this.area = area;
        this.size = area.size();
        this.mask = size - 1;
        this.desc = area.desc();
        this.avail = area.driver();
        this.used = area.device();
        this.eventIdx = options.eventIdx();
        this.inOrder = options.inOrder();
        this.indirect = options.indirect();
        this.gather = gather;
        this.slots = new Slots(size);
    }

    @Override
    public int transmit(Packet[] packets, int from, int count) {
        if (slots.free() < Math.max(count, size >>> 1)) {
            reclaim();
        }
        if (fault != null) {
            return 0;
        }
        int before = availIdx;
        long bytes = 0;
        int taken = 0;
        int dropped = 0;
        while (taken < count) {
            if (packets[from + taken] instanceof PooledPacket packet && gather.isPlain(packet)) {
                if (slots.free() == 0) {
                    break;
                }
                int length = packet.dataLength();
                long start = packet.dataAddress() - NetHeader.BYTES;
                gather.writeHeader(start, packet);
                int id = slots.take();
                long at = desc + ((long) id << SplitLayout.DESC_SHIFT);
                HostWindow.setLong(at, start);
                // flags and next are 0
                HostWindow.setLong(at + SplitLayout.DESC_LEN, length + NetHeader.BYTES);
                slots.hold(id, packet, 1);
                makeAvailable(id);
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
        if (availIdx != before) {
            publish(before);
        }
        counter.add(taken - dropped, bytes, dropped);
        return taken;
    }

    private void makeAvailable(int id) {
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

    /** Makes the gathered packet available, if there is room. */
    private boolean place(PooledPacket packet, int count) {
        if (indirect && count > 1 && count <= RingArea.TABLE_ENTRIES) {
            return placeIndirect(packet, count);
        }
        if (slots.free() < count) {
            return false;
        }
        int head = slots.peek();
        gather.placeHeader(area.header(head), packet);
        for (int i = 0; i < count; i++) {
            int id = slots.take();
            boolean more = i + 1 < count;
            int next = more ? slots.peek() : 0;
            slots.link(id, next);
            writeDesc(desc + ((long) id << SplitLayout.DESC_SHIFT), i, more ? DescFlags.NEXT : 0, next);
        }
        slots.hold(head, packet, count);
        makeAvailable(head);
        return true;
    }

    private boolean placeIndirect(PooledPacket packet, int count) {
        if (slots.free() == 0) {
            return false;
        }
        int id = slots.take();
        gather.placeHeader(area.header(id), packet);
        long table = area.table(id);
        for (int i = 0; i < count; i++) {
            boolean more = i + 1 < count;
            writeDesc(table + ((long) i << SplitLayout.DESC_SHIFT), i, more ? DescFlags.NEXT : 0, more ? i + 1 : 0);
        }
        long at = desc + ((long) id << SplitLayout.DESC_SHIFT);
        HostWindow.setLong(at, table);
        HostWindow.setInt(at + SplitLayout.DESC_LEN, count << SplitLayout.DESC_SHIFT);
        HostWindow.setShort(at + SplitLayout.DESC_FLAGS, DescFlags.INDIRECT);
        HostWindow.setShort(at + SplitLayout.DESC_NEXT, 0);
        slots.hold(id, packet, 1);
        makeAvailable(id);
        return true;
    }

    private void writeDesc(long at, int index, int flags, int next) {
        HostWindow.setLong(at, gather.address(index));
        HostWindow.setInt(at + SplitLayout.DESC_LEN, gather.length(index));
        HostWindow.setShort(at + SplitLayout.DESC_FLAGS, flags);
        HostWindow.setShort(at + SplitLayout.DESC_NEXT, next);
    }

    @Override
    public int reclaim() {
        if (fault != null) {
            return slots.chains();
        }
        int usedIdx =
                HostWindow.getShortAcquire(used + SplitLayout.RING_IDX); // pairs with the device's release of used.idx
        int ready = (usedIdx - lastUsed) & 0xFFFF;
        if (ready > slots.chains()) {
            fault = "used.idx=" + usedIdx + " is " + ready + " entries ahead, only " + slots.chains()
                    + " chains are in flight";
            return slots.chains();
        }
        int collected = 0;
        for (int i = 0; i < ready; i++) {
            long entry = used + SplitLayout.RING_ENTRIES + ((long) (lastUsed & mask) << SplitLayout.USED_SHIFT);
            // in order, the device may write only the last entry of a batch
            int id = inOrder ? slots.oldest() : HostWindow.getInt(entry);
            PooledPacket packet = slots.held(id);
            if (packet == null) {
                fault = "used entry has id=" + Integer.toUnsignedString(id) + ", which is not in flight";
                break;
            }
            lastUsed = (lastUsed + 1) & 0xFFFF;
            slots.releaseChain(id);
            done[collected++] = packet;
            if (collected == DONE_BATCH) {
                gather.pool().freeBulk(done, 0, collected);
                collected = 0;
            }
        }
        if (collected > 0) {
            gather.pool().freeBulk(done, 0, collected);
        }
        return slots.chains();
    }

    @Override
    public int settle() {
        reclaim();
        return fault == null ? lastUsed : -1;
    }

    @Override
    public int restart(EventFd newKick) {
        reclaim();
        fault = null;
        kick = newKick;
        List<PooledPacket> again = slots.inFlight();
        slots.reset();
        HostWindow.fill(desc, SplitLayout.descBytes(size), 0);
        HostWindow.fill(avail, SplitLayout.availBytes(size), 0);
        HostWindow.fill(used, SplitLayout.usedBytes(size), 0);
        int base = lastUsed;
        availIdx = base;
        HostWindow.setShort(used + SplitLayout.RING_IDX, base);
        RingNotify.splitWantCalls(avail, size, eventIdx, base, false);
        for (PooledPacket packet : again) {
            int count = gather.gather(packet);
            if (count <= 0 || !place(packet, count)) {
                packet.free();
                counter.add(0, 0, 1);
            }
        }
        publish(base);
        return base;
    }

    @Override
    public void release() {
        for (PooledPacket packet : slots.inFlight()) {
            packet.free();
        }
        slots.reset();
        lastUsed = availIdx;
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
