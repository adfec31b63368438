// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.pool.PooledPacket;
import org.jspecify.annotations.Nullable;

/**
 * Packets under way, in a circle in their order. Each is first submitted, then published when its copies have ended and those before it are
 * published, then handed over to the application. An entry may have chains only, or a packet only. Used inside the gate.
 */
final class Flights {
    private int mask;
    private @Nullable PooledPacket[] packet;
    private int[] chains;
    /** Copies of each that have not ended. */
    private int[] copies;

    /** Free-running positions, each at most the next. */
    private long handed;

    private long published;
    private long submitted;

    /** Packets from {@link #handed} on, and what other threads see of it. */
    private int held;

    private volatile int packets;

    Flights() {
        mask = 0;
        packet = new PooledPacket[1];
        chains = new int[1];
        copies = new int[1];
    }

    /** Makes room for at least {@code entries}. */
    void ensureRoom(int entries) {
        int room = Math.max(Integer.highestOneBit(2 * entries - 1), mask + 1);
        if (room == mask + 1) {
            return;
        }
        @Nullable PooledPacket[] newPacket = new PooledPacket[room];
        int[] newChains = new int[room];
        int[] newCopies = new int[room];
        for (long i = handed; i < submitted; i++) {
            newPacket[(int) i & room - 1] = packet[(int) i & mask];
            newChains[(int) i & room - 1] = chains[(int) i & mask];
            newCopies[(int) i & room - 1] = copies[(int) i & mask];
        }
        packet = newPacket;
        chains = newChains;
        copies = newCopies;
        mask = room - 1;
    }

    /** The most entries that it has had room for. */
    int capacity() {
        return mask + 1;
    }

    /** How many entries more there is room for. */
    int room() {
        return mask + 1 - (int) (submitted - handed);
    }

    /** Entries submitted so far. */
    long submitted() {
        return submitted;
    }

    /** Packets that were not handed over. Any thread. */
    int packets() {
        return packets;
    }

    /** Whether no packet and no chain is under way. */
    boolean isEmpty() {
        return handed == submitted;
    }

    /** Where the next entry will be; it has no copies yet. */
    int nextSlot() {
        int slot = (int) submitted & mask;
        copies[slot] = 0;
        return slot;
    }

    /** Adds the entry at {@link #nextSlot}. */
    void add(@Nullable PooledPacket of, int ofChains) {
        int slot = (int) submitted & mask;
        packet[slot] = of;
        chains[slot] = ofChains;
        submitted++;
        if (of != null) {
            packets = ++held;
        }
    }

    /** Takes back the entry that was added last. */
    void removeLast() {
        drop((int) --submitted & mask);
    }

    /** The packet of an entry is not one any more. */
    private void drop(int slot) {
        if (packet[slot] != null) {
            packet[slot] = null;
            packets = --held;
        }
    }

    /** A copy of an entry was begun. */
    void copyBegins(int slot) {
        copies[slot]++;
    }

    /** A copy of an entry has ended. */
    void copyEnds(int slot) {
        copies[slot]--;
    }

    /** The entry to be published next if its copies have ended, otherwise -1. */
    int ready() {
        int slot = (int) published & mask;
        return published < submitted && copies[slot] == 0 ? slot : -1;
    }

    /** Whether entries wait for copies. */
    boolean waits() {
        return published < submitted;
    }

    /** The packet of an entry, if it has one. */
    @Nullable
    PooledPacket packet(int slot) {
        return packet[slot];
    }

    /** The chains of an entry. */
    int chains(int slot) {
        return chains[slot];
    }

    /** The entry that {@link #ready} gave is published; without its packet if that is to go. */
    void publish(boolean withPacket) {
        if (!withPacket) {
            drop((int) published & mask);
        }
        published++;
    }

    /** Takes the next packet that was published; null if there is none. */
    @Nullable
    PooledPacket next() {
        while (handed < published) {
            int slot = (int) handed++ & mask;
            PooledPacket found = packet[slot];
            if (found != null) {
                drop(slot);
                return found;
            }
        }
        return null;
    }
}
