// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Whole frames as bytes, and packets made of them. */
public final class Frames {
    /** Bytes of the headers of a UDP frame. */
    public static final int UDP_HEADERS = 42;
    /** Bytes of an IPv4 header without options. */
    public static final int IPV4_HEADER = 20;
    /** The largest IPv4 packet. */
    public static final int MAX_IPV4 = 65535;

    private static final int VERSION_AND_LENGTH = 0x45;
    private static final int TTL = 64;
    private static final int IP_CHECKSUM = 10;
    private static final int UDP = 17;
    private static final int UDP_PORT = 9; // discard, RFC 863

    private Frames() {}

    /**
     * An Ethernet and an IPv4 header (RFC 791) for a packet that is not fragmented.
     *
     * @param payload bytes that follow the headers
     */
    public static byte[] ipv4(long destination, long source, int from, int to, int protocol, int payload) {
        ByteBuffer header = ByteBuffer.allocate(Ethernet.HEADER + IPV4_HEADER);
        header.putShort((short) (destination >>> 32)).putInt((int) destination);
        header.putShort((short) (source >>> 32)).putInt((int) source);
        header.putShort((short) Ethernet.IPV4);
        header.put((byte) VERSION_AND_LENGTH).put((byte) 0).putShort((short) (IPV4_HEADER + payload));
        header.putInt(0); // identification, flags, fragment offset
        header.put((byte) TTL).put((byte) protocol).putShort((short) 0);
        header.putInt(from).putInt(to);
        int checksum = Checksum.finish(Checksum.sum(header.array(), Ethernet.HEADER, IPV4_HEADER));
        header.putShort(Ethernet.HEADER + IP_CHECKSUM, (short) checksum);
        return header.array();
    }

    /**
     * The headers of a UDP frame without UDP checksum, which RFC 768 allows.
     *
     * @param length bytes of the whole frame, at least {@link #UDP_HEADERS}
     */
    public static byte[] udpHeaders(long destination, long source, int from, int to, int length) {
        int payload = length - Ethernet.HEADER - IPV4_HEADER;
        ByteBuffer headers = ByteBuffer.allocate(UDP_HEADERS);
        headers.put(ipv4(destination, source, from, to, UDP, payload));
        headers.putShort((short) UDP_PORT)
                .putShort((short) UDP_PORT)
                .putShort((short) payload)
                .putShort((short) 0);
        return headers.array();
    }

    /**
     * A packet with these bytes, in as many segments as it takes.
     *
     * @return null if the pool has too few buffers
     */
    public static @Nullable Packet packetOf(PacketPool pool, byte[] bytes, int from, int length) {
        Packet head = pool.allocate();
        if (head == null) {
            return null;
        }
        int done = fill(head, bytes, from, length);
        while (done < length) {
            Packet segment = pool.allocate();
            if (segment == null) {
                head.free();
                return null;
            }
            done += fill(segment, bytes, from + done, length - done);
            head.chain(segment);
        }
        return head;
    }

    /** Appends as many of the bytes as the segment has room for; returns how many. */
    private static int fill(Packet segment, byte[] bytes, int from, int length) {
        int part = Math.min(length, segment.tailroom());
        segment.append(part);
        segment.setBytes(0, bytes, from, part);
        return part;
    }
}
