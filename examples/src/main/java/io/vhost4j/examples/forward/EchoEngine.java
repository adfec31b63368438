// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.examples.wire.EchoResponder;
import io.vhost4j.packet.Packet;

/** Sends back answers to ARP and ICMP echo requests; other packets are freed and counted as ignored. */
final class EchoEngine implements Engine {
    private final Mover mover;
    private final EchoResponder responder;

    EchoEngine(Mover mover, EchoResponder responder) {
        this.mover = mover;
        this.responder = responder;
    }

    @Override
    public int poll(Lane lane) {
        if (lane.held > 0) {
            return mover.send(lane);
        }
        int count = mover.receive(lane);
        int replies = 0;
        for (int i = 0; i < count; i++) {
            Packet packet = lane.packets[i];
            if (responder.reply(packet)) {
                lane.packets[replies++] = packet;
            } else {
                packet.free();
            }
        }
        if (replies < count) {
            lane.sourceFlow.ignored.add(count - replies);
        }
        if (replies > 0) {
            lane.first = 0;
            lane.held = replies;
            mover.send(lane);
        }
        return count;
    }

    @Override
    public boolean finish(Lane lane) {
        return mover.finish(lane);
    }

    @Override
    public void end(Lane lane) {
        mover.drop(lane);
    }
}
