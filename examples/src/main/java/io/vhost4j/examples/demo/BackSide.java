// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.demo;

import io.vhost4j.VhostDevice;
import io.vhost4j.examples.cli.Idle;
import io.vhost4j.examples.wire.TrafficSink;
import io.vhost4j.examples.wire.TrafficSource;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.function.BooleanSupplier;

/** The host's end: what an application of the library does. */
final class BackSide extends Side {
    private static final int TO_GUEST = 0;
    private static final int FROM_GUEST = 1;

    private final VhostDevice device;
    private final PacketPool pool;
    private final TrafficSource source;
    private final DemoBackend callbacks;
    private final Packet[] sending = new Packet[BURST];
    private final Packet[] received = new Packet[BURST];
    private int first;
    private int held;

    BackSide(
            VhostDevice device,
            PacketPool pool,
            TrafficSource source,
            TrafficSink sink,
            long packets,
            DemoBackend callbacks,
            BooleanSupplier ending) {
        super("vhost4j-demo-back", sink, packets, () -> ending.getAsBoolean() || callbacks.isLeaving());
        this.device = device;
        this.pool = pool;
        this.source = source;
        this.callbacks = callbacks;
    }

    @Override
    void loop() {
        Idle idle = new Idle();
        while (held > 0 || source.made() < packets() || !hasAll()) {
            int work = send() + receive();
            if (work > 0) {
                idle.busy();
            } else if (shallEnd(idle)) {
                return;
            } else {
                idle.pause();
            }
        }
    }

    private int send() {
        if (held == 0) {
            first = 0;
            held = source.make(sending, 0, (int) Math.min(BURST, packets() - source.made()));
        }
        if (held == 0) {
            return 0;
        }
        int sent = device.enqueueBurst(TO_GUEST, sending, first, held);
        pool.freeBulk(sending, first, sent);
        first += sent;
        held -= sent;
        return sent;
    }

    private int receive() {
        int count = device.dequeueBurst(FROM_GUEST, pool, received, 0, BURST);
        try {
            sink().check(received, 0, count);
        } finally {
            pool.freeBulk(received, 0, count);
        }
        return count;
    }

    @Override
    void leave() {
        pool.freeBulk(sending, first, held);
        held = 0;
        callbacks.leave();
    }
}
