// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.async.CompletedPackets;
import io.vhost4j.core.net.QueueStats.Counter;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.Packet;
import org.jspecify.annotations.Nullable;

/** Packets that are done with go to the application: back, in a receive ring of the guest's, or for the first time. Inside the gate. */
final class Handover {
    private final Flights flights;
    private final QueueStats stats;
    private final boolean receive;

    /** With {@code receive}, packets are the application's, and the library has a reference of its own. */
    Handover(Flights flights, QueueStats stats, boolean receive) {
        this.flights = flights;
        this.stats = stats;
        this.receive = receive;
    }

    private @Nullable PooledPacket next() {
        PooledPacket packet = flights.next();
        if (packet != null) {
            stats.add(Counter.INFLIGHT_COMPLETED, 1);
        }
        return packet;
    }

    /** Stores packets from {@code from} up to {@code to}, exclusive; returns how many. */
    int take(Packet[] packets, int from, int to) {
        int at = from;
        while (at < to) {
            PooledPacket packet = next();
            if (packet == null) {
                break;
            }
            packets[at++] = packet;
        }
        return at - from;
    }

    /** Adds packets as far as there is room; returns how many others the application has freed before they came back. */
    int fill(CompletedPackets completed) {
        int early = 0;
        while (completed.room() > 0) {
            PooledPacket packet = next();
            if (packet == null) {
                break;
            }
            if (receive && isFreedEarly(packet)) {
                early++;
            } else {
                completed.add(packet);
            }
        }
        return early;
    }

    /** Gives up the library's reference. */
    private boolean isFreedEarly(PooledPacket packet) {
        boolean freed = packet.refCount() <= 1;
        packet.free();
        if (freed) {
            stats.add(Counter.ASYNC_EARLY_FREES, 1);
        }
        return freed;
    }

    /** Frees all packets, with the application's reference too. */
    void freeAll() {
        for (PooledPacket packet = next(); packet != null; packet = next()) {
            if (!receive || !isFreedEarly(packet)) {
                packet.free();
            }
        }
    }
}
