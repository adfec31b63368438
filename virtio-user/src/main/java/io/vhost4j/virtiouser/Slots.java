// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.pool.PooledPacket;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ids of a ring: which are free, and which packet each of the others has in flight. This is memory of ours that the back-end
 * cannot reach, so a ring's state never depends on what the back-end writes.
 *
 * <p>Free ids are given out in the order in which they came back: as long as the back-end uses buffers in order, ids go round the ring
 * in order too, which is what in-order rings require.
 */
final class Slots {
    private final int size;
    private final int mask;
    private final int[] free;
    private final @Nullable PooledPacket[] packets;
    private final int[] counts;
    private final int[] successors;
    private final int[] orders;
    private int taken;
    private int given;
    private int submissions;
    private int chains;
    private int oldest;

    Slots(int size) {
        this.size = size;
        int room = Integer.highestOneBit(size * 2 - 1);
        mask = room - 1;
        free = new int[room];
        packets = new PooledPacket[size];
        counts = new int[size];
        successors = new int[size];
        orders = new int[size];
        reset();
    }

    /** Makes all ids free; the caller has taken the packets before. */
    void reset() {
        for (int id = 0; id < size; id++) {
            free[id] = id;
            packets[id] = null;
        }
        taken = 0;
        given = size;
        chains = 0;
        oldest = 0;
    }

    int free() {
        return given - taken;
    }

    /** Chains in flight. */
    int chains() {
        return chains;
    }

    /** The next id; the caller has checked {@link #free}. */
    int take() {
        return free[taken++ & mask];
    }

    /** The id that {@link #take} would return. */
    int peek() {
        return free[taken & mask];
    }

    /** Notes that {@code next} follows {@code id} in its chain. */
    void link(int id, int next) {
        successors[id] = next;
    }

    /** Notes that the chain at {@code id} is in flight. {@code count}: its descriptors. */
    void hold(int id, PooledPacket packet, int count) {
        packets[id] = packet;
        counts[id] = count;
        orders[id] = submissions++;
        chains++;
    }

    /** The packet in flight under an id that the back-end gave, or null if there is none. */
    @Nullable
    PooledPacket held(int id) {
        return Integer.compareUnsigned(id, size) < 0 ? packets[id] : null;
    }

    /** The descriptors of a chain in flight. */
    int count(int id) {
        return counts[id];
    }

    /** The id of the chain that was submitted first, if all were used in order. */
    int oldest() {
        return oldest;
    }

    /** Frees the one id of a chain in flight. */
    void release(int id) {
        packets[id] = null;
        free[given++ & mask] = id;
        chains--;
        oldest = id + 1 == size ? 0 : id + 1;
    }

    /** Frees a chain in flight with an id for each descriptor. */
    void releaseChain(int head) {
        packets[head] = null;
        chains--;
        int id = head;
        for (int left = counts[head]; left > 0; left--) {
            free[given++ & mask] = id;
            oldest = id + 1 == size ? 0 : id + 1;
            id = successors[id];
        }
    }

    /** All packets in flight in the order of their submission. Makes objects. */
    List<PooledPacket> inFlight() {
        List<Integer> ids = new ArrayList<>();
        for (int id = 0; id < size; id++) {
            if (packets[id] != null) {
                ids.add(id);
            }
        }
        int now = submissions;
        ids.sort(Comparator.comparingInt(id -> orders[id] - now));
        List<PooledPacket> result = new ArrayList<>();
        for (int id : ids) {
            PooledPacket packet = packets[id];
            if (packet != null) {
                result.add(packet);
            }
        }
        return result;
    }
}
