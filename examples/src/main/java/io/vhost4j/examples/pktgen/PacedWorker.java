// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

import io.vhost4j.examples.cli.StopSignal;
import io.vhost4j.examples.wire.Ethernet;
import io.vhost4j.examples.wire.Frames;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import io.vhost4j.virtiouser.VirtioUser;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends at a rate over all queue pairs of some devices, as many packets over each, expects all of it back, and takes the time of each
 * packet. The time counts from the moment at which the packet was due, so a back-end that makes the sender wait does not look better for
 * it.
 */
final class PacedWorker implements Worker {
    /**
     * What to send.
     *
     * @param perSecond packets, 0 for as many as go
     * @param burst packets that are sent together, 0 for what is due
     * @param count packets in all
     */
    record Schedule(double perSecond, int burst, long count) {}

    private static final int FROM = 0xC612_0001; // 198.18.0.1: for benchmarks, RFC 2544
    private static final int TO = 0xC612_0002;
    private static final int BURST = 32;
    private static final int STAMP_AT = Frames.UDP_HEADERS;
    private static final int MARK_AT = STAMP_AT + 8;
    private static final int MARK = 0x76_68_6a_34;
    private static final int SHORTEST = MARK_AT + 4;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** A sender that is late by more was not held up, but stopped: what was due is not made up for. */
    private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final VirtioUser[] devices;
    private final StopSignal stop;
    private final Schedule schedule;
    private final int length;
    private final byte[] headers;
    private final @Nullable Latencies latencies;
    private final Packet[] packets = new Packet[BURST];
    private final int pairs;
    private final double nanosPerPacket;
    /** Packets that each queue pair of each device has still to carry. */
    private final long[] shares;

    private int turn;
    private long origin;
    private long sentSinceOrigin;
    private long sent;
    private long received;
    private long foreign;

    /** Sends packets of {@code length} bytes; takes no times if there is nothing to add them to. */
    PacedWorker(VirtioUser[] devices, StopSignal stop, Schedule schedule, int length, @Nullable Latencies latencies) {
        this.devices = devices;
        this.stop = stop;
        this.schedule = schedule;
        headers = Frames.udpHeaders(PktgenCommand.DESTINATION, PktgenCommand.SOURCE, FROM, TO, length);
        this.length = length;
        this.latencies = latencies;
        pairs = devices[0].queuePairs();
        nanosPerPacket = schedule.perSecond() == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / schedule.perSecond();
        shares = new long[devices.length * pairs];
        Arrays.setAll(shares, i -> Traffic.share(schedule.count(), shares.length, i));
    }

    @Override
    public void run() {
        origin = System.nanoTime();
        while (received < schedule.count() && !stop.isRequested() && isConnected()) {
            receiveAll();
            send();
        }
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (received < sent && System.nanoTime() < end && isConnected()) {
            receiveAll();
        }
    }

    private boolean isConnected() {
        for (VirtioUser device : devices) {
            if (!device.connected()) {
                return false;
            }
        }
        return true;
    }

    private void receiveAll() {
        for (VirtioUser device : devices) {
            for (int pair = 0; pair < pairs; pair++) {
                int count = device.receive(pair, packets, 0, BURST);
                if (count > 0) {
                    account(count);
                    device.pool().freeBulk(packets, 0, count);
                }
            }
        }
    }

    private void account(int count) {
        long now = System.nanoTime();
        Latencies times = latencies;
        for (int i = 0; i < count; i++) {
            Packet packet = packets[i];
            if (packet.dataLength() < SHORTEST
                    || packet.getUnsignedShort(Ethernet.ADDRESSES) != Ethernet.IPV4
                    || packet.getInt(MARK_AT) != MARK) {
                foreign++;
            } else {
                received++;
                if (times != null) {
                    times.add(now - packet.getLong(STAMP_AT));
                }
            }
        }
    }

    /** Sends what is due by one queue pair, and the next time by the next one: a full ring does not hold up the others. */
    private void send() {
        long now = System.nanoTime();
        int due = due(now);
        if (due == 0) {
            return;
        }
        int number = nextTurn();
        due = (int) Math.min(due, shares[number]);
        VirtioUser device = devices[number / pairs];
        PacketPool pool = device.pool();
        if (!pool.allocateBulk(packets, 0, due)) {
            device.reclaim(number % pairs);
            return;
        }
        for (int i = 0; i < due; i++) {
            write(packets[i], nanosPerPacket == 0 ? now : origin + (long) ((sentSinceOrigin + i) * nanosPerPacket));
        }
        int taken = device.transmit(number % pairs, packets, 0, due);
        pool.freeBulk(packets, taken, due - taken);
        shares[number] -= taken;
        sent += taken;
        sentSinceOrigin += taken;
    }

    /** The next queue pair that has not carried its share; one is there while packets are due. */
    private int nextTurn() {
        int number;
        do {
            number = turn;
            turn = turn + 1 == shares.length ? 0 : turn + 1;
        } while (shares[number] == 0);
        return number;
    }

    private int due(long now) {
        long left = schedule.count() - sent;
        int most = (int) Math.min(left, schedule.burst() == 0 ? BURST : schedule.burst());
        if (nanosPerPacket == 0) {
            return most;
        }
        if (now - origin - (long) (sentSinceOrigin * nanosPerPacket) > LATE_NANOS) {
            origin = now;
            sentSinceOrigin = 0;
        }
        long due = (long) ((now - origin) / nanosPerPacket) + 1 - sentSinceOrigin;
        if (due < schedule.burst() && due < left) {
            return 0;
        }
        return Math.clamp(due, 0, most);
    }

    private void write(Packet packet, long stamp) {
        packet.append(length);
        packet.setBytes(0, headers, 0, headers.length);
        packet.setLong(STAMP_AT, stamp);
        packet.setInt(MARK_AT, MARK);
    }

    @Override
    public long bad() {
        return 0;
    }

    @Override
    public long lost() {
        return Math.max(0, sent - received);
    }

    @Override
    public long foreign() {
        return foreign;
    }
}
