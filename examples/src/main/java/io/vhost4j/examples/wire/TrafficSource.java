// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;

/** Makes numbered packets that {@link TrafficSink} can check. For one thread. */
public final class TrafficSource {
    /** Shortest frame that has room for the numbers. */
    public static final int MIN_LENGTH = Frames.UDP_HEADERS + Pattern.HEADER;
    /** Longest frame. */
    public static final int MAX_LENGTH = 65535;

    /** Where stream, length, sequence number and check word are in the frame. */
    static final int STREAM_AT = Frames.UDP_HEADERS;

    static final int LENGTH_AT = STREAM_AT + 2;
    static final int SEQUENCE_AT = LENGTH_AT + 4;
    static final int CHECK_AT = SEQUENCE_AT + 8;

    private static final int FROM = 0xC612_0001; // 198.18.0.1: for benchmarks, RFC 2544
    private static final int TO = 0xC612_0002;

    private final PacketPool pool;
    private final int stream;
    private final int[] lengths;
    private final byte[][] headers;
    private long sequence;

    /**
     * A source whose packets take the lengths in turn.
     *
     * @param stream 0 to 65535, tells this source's packets from others'
     * @param lengths of whole frames, {@link #MIN_LENGTH} to {@link #MAX_LENGTH} bytes
     */
    public TrafficSource(PacketPool pool, int stream, long destination, long source, int... lengths) {
        this.pool = pool;
        this.stream = stream;
        this.lengths = lengths.clone();
        headers = new byte[lengths.length][];
        for (int i = 0; i < lengths.length; i++) {
            headers[i] = Frames.udpHeaders(destination, source, FROM, TO, lengths[i]);
        }
    }

    /** Packets made so far. */
    public long made() {
        return sequence;
    }

    /**
     * Makes packets.
     *
     * @return how many; fewer than {@code count} if the pool ran out
     */
    public int make(Packet[] packets, int from, int count) {
        for (int i = 0; i < count; i++) {
            int kind = (int) (sequence % lengths.length);
            Packet packet = pool.allocate();
            if (packet == null || !write(packet, kind)) {
                return i;
            }
            packets[from + i] = packet;
            sequence++;
        }
        return count;
    }

    private boolean write(Packet packet, int kind) {
        int length = lengths[kind];
        int part = Math.min(length, packet.tailroom());
        packet.append(part);
        packet.setBytes(0, headers[kind], 0, Frames.UDP_HEADERS);
        packet.setShort(STREAM_AT, stream);
        packet.setInt(LENGTH_AT, length);
        packet.setLong(SEQUENCE_AT, sequence);
        packet.setInt(CHECK_AT, Pattern.check(stream, length, sequence));
        int text = Pattern.start(sequence);
        packet.setBytes(MIN_LENGTH, Pattern.bytes(), text, part - MIN_LENGTH);
        return part == length || extend(packet, text + part - MIN_LENGTH, length - part);
    }

    /** Chains segments for the rest of the text; frees the packet if the pool runs out. */
    private boolean extend(Packet packet, int text, int length) {
        int done = 0;
        while (done < length) {
            Packet segment = pool.allocate();
            if (segment == null) {
                packet.free();
                return false;
            }
            int part = Math.min(length - done, segment.tailroom());
            segment.append(part);
            segment.setBytes(0, Pattern.bytes(), text + done, part);
            packet.chain(segment);
            done += part;
        }
        return true;
    }
}
