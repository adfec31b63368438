// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import io.vhost4j.packet.Packet;
import io.vhost4j.virtiouser.VirtioUser;
import org.jspecify.annotations.Nullable;

/** Receives, checks and frees packets of one queue pair of a front-end. For one thread. */
public final class PairReceiver {
    private static final int BURST = 32;

    private final VirtioUser device;
    private final int pair;
    private final @Nullable TrafficSink sink;
    private final Packet[] packets = new Packet[BURST];

    /** Checks with {@code sink}, if there is one. */
    public PairReceiver(VirtioUser device, int pair, @Nullable TrafficSink sink) {
        this.device = device;
        this.pair = pair;
        this.sink = sink;
    }

    /** Receives up to a burst, without waiting; returns how many there were. */
    public int receive() {
        int count = device.receive(pair, packets, 0, BURST);
        try {
            if (sink != null) {
                sink.check(packets, 0, count);
            }
        } finally {
            device.pool().freeBulk(packets, 0, count);
        }
        return count;
    }
}
