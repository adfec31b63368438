// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.async;

import io.vhost4j.packet.Packet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Packets that come back from a ring: they are the owner's of this object, who frees them. For one thread; made once, used again and again. */
public final class CompletedPackets {
    private final @Nullable Packet[] packets;
    private int count;

    /** Room for {@code capacity} packets, at least 1. */
    public CompletedPackets(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity " + capacity + ": must be at least 1");
        }
        packets = new Packet[capacity];
    }

    /** How many there are. */
    public int count() {
        return count;
    }

    /** How many more there is room for. */
    public int room() {
        return packets.length - count;
    }

    /** The packet at {@code index}, 0 being the one that was submitted first. */
    public Packet get(int index) {
        return Objects.requireNonNull(packets[Objects.checkIndex(index, count)]);
    }

    /** Adds a packet; for those who serve rings. */
    public void add(Packet packet) {
        packets[count++] = packet;
    }

    /** Forgets all packets, which are the caller's from now on. */
    public void clear() {
        for (int i = 0; i < count; i++) {
            packets[i] = null;
        }
        count = 0;
    }

    /**
     * Frees all packets.
     *
     * @return how many there were
     */
    public int free() {
        int freed = count;
        for (int i = 0; i < freed; i++) {
            get(i).free();
        }
        clear();
        return freed;
    }
}
