// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.examples.wire.Counter;

/** What one poll thread moved from and to the guests of one port. */
final class FlowCounters {
    final Counter fromGuestPackets = new Counter();
    final Counter fromGuestBytes = new Counter();
    final Counter toGuestPackets = new Counter();
    final Counter toGuestBytes = new Counter();
    /** Packets that found no room, or no guest. */
    final Counter dropped = new Counter();
    /** Packets that the mode has no use for. */
    final Counter ignored = new Counter();
}
