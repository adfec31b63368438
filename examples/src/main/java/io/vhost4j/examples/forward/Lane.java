// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.VhostDevice;
import io.vhost4j.packet.Packet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The way of packets from one ring to another. Belongs to one poll thread from its first poll to its end.
 *
 * <p>Packets that the target has no room for stay in {@link #packets}, from {@link #first}, {@link #held} of them.
 */
final class Lane {
    /** Most packets moved at once. */
    static final int BURST = 32;

    /**
     * What a lane joins.
     *
     * @param from device whose packets are taken, or null where packets are made
     * @param fromRing its ring
     * @param to device that gets packets, or null for none
     * @param toRing its ring
     */
    record Ends(
            @Nullable VhostDevice from,
            int fromRing,
            @Nullable VhostDevice to,
            int toRing) {
        /** Whether packets are taken from a device that is none of these. */
        boolean comesFromOutside(Set<VhostDevice> devices) {
            return from != null && !devices.contains(from);
        }

        /** Whether packets go to a device that is none of these. */
        boolean leadsOutside(Set<VhostDevice> devices) {
            return to != null && !devices.contains(to);
        }
    }

    final Ends ends;
    final Port source;
    final Port target;
    final FlowCounters sourceFlow;
    final FlowCounters targetFlow;
    final Packet[] packets = new Packet[BURST];

    int first;
    int held;
    /** Bytes of the packets that were received last, together. */
    long receivedBytes;
    /** When the held packets found no room, by {@link System#nanoTime}; meaningless if {@link #isWaiting} is false. */
    long waitingSince;

    boolean isWaiting;
    /** Whether the target has taken nothing for so long that packets are not held for it. */
    boolean isStalled;
    /** Whether nothing new is taken from the source, only what its DMA channel has taken already. */
    boolean isEnding;

    Lane(Ends ends, Port source, Port target, int thread) {
        this.ends = ends;
        this.source = source;
        this.target = target;
        sourceFlow = source.flow(thread);
        targetFlow = target.flow(thread);
    }
}
