// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.examples.wire.Ethernet;
import io.vhost4j.examples.wire.OffloadTranslator;

/** Sends packets on with their Ethernet addresses exchanged. */
final class MacSwapEngine implements Engine {
    private final Mover mover;
    private final boolean translate;

    /** With {@code translate}, receive flags are made transmit flags on the way. */
    MacSwapEngine(Mover mover, boolean translate) {
        this.mover = mover;
        this.translate = translate;
    }

    @Override
    public int poll(Lane lane) {
        if (lane.held > 0) {
            int before = lane.held;
            mover.send(lane);
            return before - lane.held;
        }
        int count = mover.receive(lane);
        if (count == 0) {
            return 0;
        }
        for (int i = 0; i < count; i++) {
            Ethernet.swapAddresses(lane.packets[i]);
        }
        for (int i = 0; translate && i < count; i++) {
            OffloadTranslator.toTransmit(lane.packets[i]);
        }
        mover.pass(lane, count);
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
