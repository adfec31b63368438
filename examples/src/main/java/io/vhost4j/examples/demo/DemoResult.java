// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.demo;

import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.Units;

/**
 * How one kind of ring did.
 *
 * @param ring split or packed
 * @param packets that were to go each way
 * @param toHost packets that came whole to the host
 * @param toGuest packets that came whole to the guest
 * @param bad packets that came damaged, doubled or out of order
 * @param fault what went wrong, or an empty text
 */
record DemoResult(
        String ring,
        long packets,
        long nanos,
        long toHost,
        long toHostBytes,
        long toGuest,
        long toGuestBytes,
        long bad,
        String fault) {

    boolean isGood() {
        return toHost == packets && toGuest == packets && bad == 0 && fault.isEmpty();
    }

    Json json(String event) {
        return Json.event(event)
                .put("ring", ring)
                .put("seconds", Units.seconds(nanos))
                .put("packets_each_way", packets)
                .put("guest_to_host_packets", toHost)
                .put("guest_to_host_bytes", toHostBytes)
                .put("host_to_guest_packets", toGuest)
                .put("host_to_guest_bytes", toGuestBytes)
                .put("bad_packets", bad)
                .put("lost_packets", Math.max(0, 2 * packets - toHost - toGuest - bad));
    }
}
