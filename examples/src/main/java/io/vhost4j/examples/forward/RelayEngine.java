// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.examples.wire.Ethernet;
import io.vhost4j.examples.wire.OffloadTranslator;
import io.vhost4j.packet.Packet;

/** Sends packets on. */
final class RelayEngine implements Engine {
    private final Mover mover;
    private final boolean swap;
    private final boolean translate;

    /** With {@code swap}, Ethernet addresses are exchanged on the way; with {@code translate}, receive flags are made transmit flags. */
    RelayEngine(Mover mover, boolean swap, boolean translate) {
        this.mover = mover;
        this.swap = swap;
        this.translate = translate;
    }

    @Override
    public int poll(Lane lane) {
        if (lane.held > 0) {
            return mover.send(lane);
        }
        int count = mover.take(lane);
        if (count == 0) {
            return 0;
        }
        Packet[] packets = lane.packets;
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            Packet packet = packets[i];
            bytes += packet.packetLength();
            if (swap) {
                Ethernet.swapAddresses(packet);
            }
            if (translate) {
                OffloadTranslator.toTransmit(packet);
            }
        }
        mover.countBytes(lane, bytes);
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
