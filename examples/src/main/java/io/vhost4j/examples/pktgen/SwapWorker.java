// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

import io.vhost4j.examples.wire.Ethernet;
import io.vhost4j.packet.Packet;
import io.vhost4j.virtiouser.VirtioUser;

/** Sends what it receives back, with the Ethernet addresses exchanged; waits where the ring is full, so that nothing is lost. */
final class SwapWorker implements Worker {
    private static final int BURST = 32;

    private final Traffic traffic;
    private final Packet[][] packets;
    private final int[] first;
    private final int[] held;
    private long lost;

    SwapWorker(Traffic traffic) {
        this.traffic = traffic;
        int pairs = traffic.device().queuePairs();
        packets = new Packet[pairs][BURST];
        first = new int[pairs];
        held = new int[pairs];
    }

    @Override
    public void run() {
        long left = traffic.count();
        while (left > 0 && !traffic.isEnding()) {
            int work = 0;
            for (int pair = 0; pair < held.length; pair++) {
                work += send(pair);
                if (held[pair] == 0) {
                    int count = receive(pair, (int) Math.min(BURST, left));
                    left -= count;
                    work += count + send(pair);
                }
            }
            traffic.round(work);
        }
        finish();
    }

    private int receive(int pair, int limit) {
        Packet[] burst = packets[pair];
        int count = traffic.device().receive(pair, burst, 0, limit);
        for (int i = 0; i < count; i++) {
            Ethernet.swapAddresses(burst[i]);
        }
        first[pair] = 0;
        held[pair] = count;
        return count;
    }

    private int send(int pair) {
        if (held[pair] == 0) {
            return 0;
        }
        int sent = traffic.device().transmit(pair, packets[pair], first[pair], held[pair]);
        first[pair] += sent;
        held[pair] -= sent;
        return sent;
    }

    private void finish() {
        VirtioUser device = traffic.device();
        for (int pair = 0; pair < held.length; pair++) {
            while (held[pair] > 0 && !traffic.isQuiet() && device.connected()) {
                traffic.round(send(pair));
            }
            for (int i = first[pair]; i < first[pair] + held[pair]; i++) {
                packets[pair][i].free();
            }
            lost += held[pair];
        }
        lost += traffic.settle();
    }

    @Override
    public long bad() {
        return 0;
    }

    @Override
    public long lost() {
        return lost;
    }

    @Override
    public long foreign() {
        return 0;
    }
}
