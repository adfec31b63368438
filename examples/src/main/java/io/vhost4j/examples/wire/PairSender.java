// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import io.vhost4j.packet.Packet;
import io.vhost4j.virtiouser.VirtioUser;

/** Sends numbered packets through one queue pair of a front-end; none is lost, as what found no room is sent later. For one thread. */
public final class PairSender implements AutoCloseable {
    private static final int BURST = 32;

    private final VirtioUser device;
    private final int pair;
    private final TrafficSource source;
    private final Packet[] packets = new Packet[BURST];
    private int first;
    private int held;

    /** Sends what {@code source} makes, which must be from the device's pool. */
    public PairSender(VirtioUser device, int pair, TrafficSource source) {
        this.device = device;
        this.pair = pair;
        this.source = source;
    }

    /** Packets that were given to the device. */
    public long sent() {
        return source.made() - held;
    }

    /**
     * Sends up to a burst, without waiting.
     *
     * @param total how many packets there are to be in all
     * @return how many were sent now
     */
    public int send(long total) {
        if (held == 0) {
            first = 0;
            held = source.make(packets, 0, (int) Math.min(BURST, total - source.made()));
        }
        if (held == 0) {
            device.reclaim(pair);
            return 0;
        }
        int sent = device.transmit(pair, packets, first, held);
        first += sent;
        held -= sent;
        return sent;
    }

    /** Frees packets that were made but not sent. */
    @Override
    public void close() {
        for (int i = first; i < first + held; i++) {
            packets[i].free();
        }
        held = 0;
    }
}
