// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.VhostDevice;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.examples.pcap.PcapTap;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Taking and giving packets with all the counting, recording and limits. For one poll thread. */
final class Mover {
    /** How long packets are held for a guest that takes none, in nanoseconds. */
    private static final long HOLD_NANOS = 200_000_000;

    private static final int COMPLETED = 256;
    private static final long UNKNOWN = -1;

    private final PacketPool pool;
    private final @Nullable PacketBudget budget;
    private final @Nullable PcapTap tap;
    /** What comes back from rings with DMA channels; null if rings have none. */
    private final @Nullable CompletedPackets completed;

    /** With {@code async}, all rings have DMA channels. */
    Mover(PacketPool pool, @Nullable PacketBudget budget, @Nullable PcapTap tap, boolean async) {
        this.pool = pool;
        this.budget = budget;
        this.tap = tap;
        completed = async ? new CompletedPackets(COMPLETED) : null;
    }

    PacketPool pool() {
        return pool;
    }

    /** How many packets may be moved, of {@code wanted}; {@link #settle} says how many were. */
    int claim(int wanted) {
        return budget == null ? wanted : budget.claim(wanted);
    }

    /** Ends a claim. */
    void settle(int claimed, int moved) {
        if (budget != null) {
            budget.settle(claimed, moved);
        }
    }

    /** Takes a burst from the lane's source into its array, from the start; returns how many. */
    int receive(Lane lane) {
        int count = take(lane);
        if (count > 0) {
            countBytes(lane, bytes(lane.packets, 0, count));
        }
        return count;
    }

    /** As {@link #receive}, for a caller that looks at each packet anyway: it is to {@link #countBytes}. */
    int take(Lane lane) {
        collect(lane);
        VhostDevice from = lane.ends.from();
        int limit = claim(Lane.BURST);
        if (from == null || limit == 0) {
            return 0;
        }
        int count = dequeue(from, lane, limit);
        settle(limit, count);
        if (count > 0) {
            lane.sourceFlow.fromGuestPackets.add(count);
            if (tap != null) {
                tap.record(lane.source.index(), true, lane.packets, 0, count);
            }
        }
        return count;
    }

    /** The packets that were just taken have {@code bytes} bytes together. */
    void countBytes(Lane lane, long bytes) {
        lane.receivedBytes = bytes;
        lane.sourceFlow.fromGuestBytes.add(bytes);
    }

    private int dequeue(VhostDevice from, Lane lane, int limit) {
        int ring = lane.ends.fromRing();
        if (lane.isEnding) {
            return takeRest(from, lane, limit);
        }
        return completed == null
                ? from.dequeueBurst(ring, pool, lane.packets, 0, limit)
                : from.asyncTryDequeueBurst(ring, pool, lane.packets, 0, limit);
    }

    /** Takes what the guest has its buffers back for already, or gets them back for now. */
    private static int takeRest(VhostDevice from, Lane lane, int limit) {
        CompletedPackets rest = new CompletedPackets(limit);
        int count = from.clearQueue(lane.ends.fromRing(), rest);
        for (int i = 0; i < count; i++) {
            lane.packets[i] = rest.get(i);
        }
        return count;
    }

    /** Whether packets of the ending lane's source are still to be received. */
    boolean hasRest(Lane lane) {
        VhostDevice from = lane.ends.from();
        return lane.isEnding
                && completed != null
                && from != null
                && !(budget != null && budget.isUsedUp())
                && from.asyncGetInflight(lane.ends.fromRing()) > 0;
    }

    /**
     * Gives packets to the lane's target; they stay the caller's, but those that a DMA channel copies, which leave the lane's array. Returns how
     * many it is done with.
     */
    int give(Lane lane, int first, int count) {
        return give(lane, first, count, UNKNOWN);
    }

    /** As the other one, for packets of {@code bytes} bytes together, if that is known. */
    private int give(Lane lane, int first, int count, long bytes) {
        VhostDevice to = lane.ends.to();
        int sent = to == null ? 0 : enqueue(to, lane, first, count);
        if (sent > 0) {
            boolean isKnown = sent == count && bytes != UNKNOWN;
            lane.targetFlow.toGuestPackets.add(sent);
            lane.targetFlow.toGuestBytes.add(isKnown ? bytes : bytes(lane.packets, first, sent));
            if (tap != null) {
                tap.record(lane.target.index(), false, lane.packets, first, sent);
            }
        }
        if (completed != null) {
            Arrays.fill(lane.packets, first, first + sent, null);
            completed.free();
        }
        return sent;
    }

    private int enqueue(VhostDevice to, Lane lane, int first, int count) {
        return completed == null
                ? to.enqueueBurst(lane.ends.toRing(), lane.packets, first, count)
                : to.submitEnqueueBurst(lane.ends.toRing(), lane.packets, first, count, completed);
    }

    /** Frees packets that the lane's target has. */
    void collect(Lane lane) {
        VhostDevice to = lane.ends.to();
        if (completed != null && to != null && to.pollEnqueueCompleted(lane.ends.toRing(), completed) > 0) {
            completed.free();
        }
    }

    /** Whether copies to the lane's target are under way; sees after them. */
    boolean isCopying(Lane lane) {
        collect(lane);
        VhostDevice to = lane.ends.to();
        return completed != null && to != null && to.asyncGetInflight(lane.ends.toRing()) > 0;
    }

    /**
     * Sends the packets that the lane holds. What finds no room stays held, so that nothing is lost while the guest drains its ring; when it
     * took nothing for some time, held packets are dropped, and from then on at once until it takes some again.
     *
     * @return how many were sent or dropped
     */
    int send(Lane lane) {
        int before = lane.held;
        send(lane, UNKNOWN);
        return before - lane.held;
    }

    /** Sends all {@code count} packets that were just received, which are as long as they were; the rest as {@link #send(Lane)}. */
    void pass(Lane lane, int count) {
        lane.first = 0;
        lane.held = count;
        send(lane, lane.receivedBytes);
    }

    private void send(Lane lane, long bytes) {
        int sent = give(lane, lane.first, lane.held, bytes);
        if (sent > 0) {
            pool.freeBulk(lane.packets, lane.first, sent);
            lane.first += sent;
            lane.held -= sent;
            lane.isWaiting = false;
            lane.isStalled = false;
        }
        if (lane.held > 0) {
            waitOrDrop(lane);
        }
    }

    /** As {@link #send}, for a lane that may hold nothing; returns whether it still holds packets. */
    boolean finish(Lane lane) {
        if (lane.held > 0) {
            send(lane);
        }
        return lane.held > 0;
    }

    /** Drops the packets that the lane holds. */
    void drop(Lane lane) {
        if (lane.held > 0) {
            pool.freeBulk(lane.packets, lane.first, lane.held);
            lane.targetFlow.dropped.add(lane.held);
            lane.held = 0;
        }
        lane.isWaiting = false;
    }

    /** Makes what was recorded reach the file. */
    void flush() {
        if (tap != null) {
            tap.flush();
        }
    }

    private void waitOrDrop(Lane lane) {
        if (lane.ends.to() == null || lane.isStalled) {
            drop(lane);
        } else if (!lane.isWaiting) {
            lane.isWaiting = true;
            lane.waitingSince = System.nanoTime();
        } else if (System.nanoTime() - lane.waitingSince > HOLD_NANOS) {
            lane.isStalled = true;
            drop(lane);
        }
    }

    private static long bytes(Packet[] packets, int from, int count) {
        long bytes = 0;
        for (int i = from; i < from + count; i++) {
            bytes += packets[i].packetLength();
        }
        return bytes;
    }
}
