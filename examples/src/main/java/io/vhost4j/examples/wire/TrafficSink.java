// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import io.vhost4j.packet.Packet;
import java.util.Arrays;

/**
 * Checks packets of a {@link TrafficSource}: every byte after the headers, and that each comes once and in order. For one thread;
 * another may read the counts.
 */
public final class TrafficSink {
    private final int stream;
    private final byte[] scratch = new byte[TrafficSource.MAX_LENGTH];
    private final Counter good = new Counter();
    private final Counter goodBytes = new Counter();
    private final Counter bad = new Counter();
    private final Counter foreign = new Counter();
    private final Counter missing = new Counter();
    private long expected;
    private String firstFault = "";

    /** Expects the packets of one stream. */
    public TrafficSink(int stream) {
        this.stream = stream;
    }

    /** Packets that were as they should be. */
    public long good() {
        return good.get();
    }

    /** Bytes of the good packets. */
    public long goodBytes() {
        return goodBytes.get();
    }

    /** Packets of the stream that were damaged, doubled, or out of order. */
    public long bad() {
        return bad.get();
    }

    /** Packets that are not of the stream, such as what a guest's system sends on its own. */
    public long foreign() {
        return foreign.get();
    }

    /** Packets that had not come when a later one did. */
    public long missing() {
        return missing.get();
    }

    /** What was wrong with the first bad packet, or an empty text. Only for the thread that checks, or after it ended. */
    public String firstFault() {
        return firstFault;
    }

    /** Checks packets; they stay the caller's. */
    public void check(Packet[] packets, int from, int count) {
        for (int i = from; i < from + count; i++) {
            check(packets[i]);
        }
    }

    private void check(Packet packet) {
        if (packet.dataLength() < TrafficSource.MIN_LENGTH
                || packet.getUnsignedShort(TrafficSource.STREAM_AT) != stream
                || packet.getUnsignedShort(Ethernet.ADDRESSES) != Ethernet.IPV4) {
            foreign.add(1);
            return;
        }
        int length = packet.packetLength();
        long sequence = packet.getLong(TrafficSource.SEQUENCE_AT);
        int word = packet.getInt(TrafficSource.CHECK_AT);
        if (packet.getInt(TrafficSource.LENGTH_AT) != length || word != Pattern.check(stream, length, sequence)) {
            fault("length " + length + ", sequence number " + sequence + ": the check word does not fit");
        } else if (sequence < expected) {
            fault("sequence number " + sequence + " came after " + (expected - 1));
        } else {
            take(packet, length, sequence);
        }
    }

    private void take(Packet packet, int length, long sequence) {
        if (sequence != expected) {
            missing.add(sequence - expected);
        }
        expected = sequence + 1;
        if (isTextRight(packet, length, sequence)) {
            good.add(1);
            goodBytes.add(length);
        } else {
            fault("sequence number " + sequence + ": the payload is damaged");
        }
    }

    private boolean isTextRight(Packet packet, int length, long sequence) {
        int text = Pattern.start(sequence);
        int size = length - TrafficSource.MIN_LENGTH;
        if (packet.dataLength() == length) {
            packet.getBytes(TrafficSource.MIN_LENGTH, scratch, 0, size);
        } else {
            packet.copyTo(TrafficSource.MIN_LENGTH, scratch, 0, size);
        }
        return Arrays.equals(scratch, 0, size, Pattern.bytes(), text, text + size);
    }

    private void fault(String what) {
        if (bad.get() == 0) {
            firstFault = what;
        }
        bad.add(1);
    }
}
