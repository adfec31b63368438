// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.examples.cli.Json;

/**
 * Counts of one port.
 *
 * @param dropped packets for the guest that it could not be given
 * @param ignored packets from the guest that the mode has no use for
 */
record PortTotals(
        String socket,
        long fromGuestPackets,
        long fromGuestBytes,
        long toGuestPackets,
        long toGuestBytes,
        long dropped,
        long ignored,
        RingTotals rings) {

    /** The sums of the threads' counters, without ring statistics. */
    static PortTotals of(String socket, FlowCounters[] flows) {
        long fromPackets = 0;
        long fromBytes = 0;
        long toPackets = 0;
        long toBytes = 0;
        long dropped = 0;
        long ignored = 0;
        for (FlowCounters flow : flows) {
            fromPackets += flow.fromGuestPackets.get();
            fromBytes += flow.fromGuestBytes.get();
            toPackets += flow.toGuestPackets.get();
            toBytes += flow.toGuestBytes.get();
            dropped += flow.dropped.get();
            ignored += flow.ignored.get();
        }
        return new PortTotals(socket, fromPackets, fromBytes, toPackets, toBytes, dropped, ignored, new RingTotals());
    }

    /**
     * These counts with ring statistics. Packets that a ring took from us but could not deliver, being larger than its buffers can
     * ever hold, move from those given to the guest to those dropped.
     */
    PortTotals with(RingTotals statistics) {
        long undeliverable = Math.max(0, toGuestPackets - statistics.sumToGuest("good_packets"));
        long bytes = undeliverable == 0 ? toGuestBytes : statistics.sumToGuest("good_bytes");
        return new PortTotals(
                socket,
                fromGuestPackets,
                fromGuestBytes,
                toGuestPackets - undeliverable,
                bytes,
                dropped + undeliverable,
                ignored,
                statistics);
    }

    Json json() {
        return Json.object()
                .put("socket", socket)
                .put("from_guest_packets", fromGuestPackets)
                .put("from_guest_bytes", fromGuestBytes)
                .put("to_guest_packets", toGuestPackets)
                .put("to_guest_bytes", toGuestBytes)
                .put("dropped_packets", dropped)
                .put("ignored_packets", ignored)
                .put("queues", rings.json());
    }
}
