// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.ping;

import io.vhost4j.examples.cli.CommandFailure;
import io.vhost4j.examples.cli.StopSignal;
import io.vhost4j.examples.wire.Frames;
import io.vhost4j.packet.Packet;
import io.vhost4j.virtiouser.VirtioUser;
import java.util.concurrent.TimeUnit;

/** Sends one request after the other and waits for each reply. For one thread. */
final class Pinger {
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int BURST = 32;

    private final VirtioUser device;
    private final EchoRequest requests;
    private final StopSignal stop;
    private final Packet[] packets = new Packet[BURST];
    private final RoundTrips times = new RoundTrips();
    private long damaged;
    private long sent;

    Pinger(VirtioUser device, EchoRequest requests, StopSignal stop) {
        this.device = device;
        this.requests = requests;
        this.stop = stop;
    }

    RoundTrips times() {
        return times;
    }

    long sent() {
        return sent;
    }

    /** Replies whose contents were not those of the request. */
    long damaged() {
        return damaged;
    }

    /** Asks for the peer's Ethernet address; false if nobody tells it. */
    boolean resolve() {
        byte[] frame = requests.arp();
        send(0, frame);
        long deadline = System.nanoTime() + TIMEOUT_NANOS;
        while (System.nanoTime() < deadline && !stop.isRequested()) {
            for (int pair = 0; pair < device.queuePairs(); pair++) {
                int count = device.receive(pair, packets, 0, BURST);
                boolean learned = false;
                for (int i = 0; i < count; i++) {
                    learned |= requests.learn(packets[i]);
                }
                device.pool().freeBulk(packets, 0, count);
                if (learned) {
                    return true;
                }
            }
            Thread.onSpinWait();
        }
        return false;
    }

    /**
     * Sends a request and waits for the reply, at most a second.
     *
     * @return nanoseconds until the reply, or -1 if there was none
     */
    long ping(int sequence) {
        byte[] frame = requests.icmp(sequence & 0xFFFF);
        long started = System.nanoTime();
        send(sequence % device.queuePairs(), frame);
        sent++;
        while (System.nanoTime() - started < TIMEOUT_NANOS && !stop.isRequested()) {
            for (int pair = 0; pair < device.queuePairs(); pair++) {
                if (replied(pair)) {
                    long time = System.nanoTime() - started;
                    times.add(time);
                    return time;
                }
            }
            Thread.onSpinWait();
        }
        if (stop.isRequested()) {
            sent--; // nobody waited for this one's reply
        }
        return -1;
    }

    private boolean replied(int pair) {
        int count = device.receive(pair, packets, 0, BURST);
        boolean replied = false;
        for (int i = 0; i < count; i++) {
            switch (requests.match(packets[i])) {
                case REPLY -> replied = true;
                case DAMAGED -> damaged++;
                case FOREIGN -> {}
            }
        }
        device.pool().freeBulk(packets, 0, count);
        return replied;
    }

    private void send(int pair, byte[] frame) {
        device.reclaim(pair);
        Packet packet = Frames.packetOf(device.pool(), frame, 0, frame.length);
        if (packet == null) {
            throw new CommandFailure("no free buffers: the back-end does not give sent packets back");
        }
        packets[0] = packet;
        if (device.transmit(pair, packets, 0, 1) == 0) {
            packet.free();
        }
    }
}
