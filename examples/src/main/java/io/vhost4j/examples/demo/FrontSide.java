// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.demo;

import io.vhost4j.examples.cli.Idle;
import io.vhost4j.examples.wire.PairReceiver;
import io.vhost4j.examples.wire.PairSender;
import io.vhost4j.examples.wire.TrafficSink;
import io.vhost4j.examples.wire.TrafficSource;
import io.vhost4j.virtiouser.VirtioUser;
import java.util.function.BooleanSupplier;

/** The guest's end: what a driver in a virtual machine does. */
final class FrontSide extends Side {
    private final VirtioUser device;
    private final PairSender sender;
    private final PairReceiver receiver;

    FrontSide(VirtioUser device, TrafficSource source, TrafficSink sink, long packets, BooleanSupplier ending) {
        super("vhost4j-demo-front", sink, packets, ending);
        this.device = device;
        sender = new PairSender(device, 0, source);
        receiver = new PairReceiver(device, 0, sink);
    }

    @Override
    void loop() {
        Idle idle = new Idle();
        while (sender.sent() < packets() || !hasAll() || device.reclaim(0) > 0) {
            int work = sender.send(packets()) + receiver.receive();
            if (work > 0) {
                idle.busy();
            } else if (shallEnd(idle)) {
                return;
            } else {
                idle.pause();
            }
        }
    }

    @Override
    void leave() {
        sender.close();
    }
}
