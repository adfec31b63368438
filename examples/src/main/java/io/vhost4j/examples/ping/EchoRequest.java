// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.ping;

import io.vhost4j.examples.wire.Checksum;
import io.vhost4j.examples.wire.Ethernet;
import io.vhost4j.examples.wire.Frames;
import io.vhost4j.examples.wire.MacAddress;
import io.vhost4j.packet.Packet;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** ARP and ICMP echo requests as bytes, and the test whether a packet is the reply. For one thread. */
final class EchoRequest {
    static final int MAX_PAYLOAD = Frames.MAX_IPV4 - Frames.IPV4_HEADER - EchoRequest.ICMP_HEADER;

    /** Reply, none of ours, or ours but damaged. */
    enum Match {
        REPLY,
        FOREIGN,
        DAMAGED
    }

    private static final int ICMP_HEADER = 8;
    private static final int ICMP = 1;
    private static final int ICMP_AT = Ethernet.HEADER + Frames.IPV4_HEADER;
    private static final int ECHO_REQUEST = 0x0800;
    private static final int ID = 0x7634;
    private static final int OURS = 0xC000_0202; // 192.0.2.2 asks 192.0.2.1: for documentation, RFC 5737
    private static final int THEIRS = 0xC000_0201;
    private static final int ARP_FRAME = 42;

    private final long mac;
    private final byte[] request;
    private final byte[] reply;
    private long peer = MacAddress.BROADCAST;

    /** Requests from the station {@code mac} with {@code payload} bytes after the ICMP header. */
    EchoRequest(long mac, int payload) {
        this.mac = mac;
        request = new byte[ICMP_AT + ICMP_HEADER + payload];
        reply = new byte[Math.max(request.length, ARP_FRAME)];
    }

    /** Who has the peer's address? */
    byte[] arp() {
        ByteBuffer frame = ByteBuffer.allocate(60);
        putAddress(frame, MacAddress.BROADCAST);
        putAddress(frame, mac);
        frame.putShort((short) Ethernet.ARP).putLong(0x0001_0800_0604_0001L);
        putAddress(frame, mac);
        frame.putInt(OURS);
        putAddress(frame, 0);
        frame.putInt(THEIRS);
        return frame.array();
    }

    /** Whether the packet answers {@link #arp}; if so, requests go to the address that it tells. */
    boolean learn(Packet packet) {
        if (packet.dataLength() < ARP_FRAME
                || Ethernet.type(packet, Ethernet.HEADER) != Ethernet.ARP
                || packet.getUnsignedShort(20) != 2
                || packet.getInt(28) != THEIRS
                || Ethernet.address(packet, 32) != mac) {
            return false;
        }
        peer = Ethernet.address(packet, 22);
        return true;
    }

    /** The request with this sequence number; the array is used again. */
    byte[] icmp(int sequence) {
        ByteBuffer frame = ByteBuffer.wrap(request);
        frame.put(Frames.ipv4(peer, mac, OURS, THEIRS, ICMP, request.length - ICMP_AT));
        frame.putShort((short) ECHO_REQUEST)
                .putShort((short) 0)
                .putShort((short) ID)
                .putShort((short) sequence);
        for (int i = 0; frame.hasRemaining(); i++) {
            frame.put((byte) (i * 31 + sequence * 7));
        }
        int checksum = Checksum.finish(Checksum.sum(request, ICMP_AT, request.length - ICMP_AT));
        frame.putShort(ICMP_AT + 2, (short) checksum);
        return request;
    }

    /** Whether the packet is the reply to the request made last. */
    Match match(Packet packet) {
        if (packet.dataLength() < ICMP_AT + ICMP_HEADER
                || Ethernet.type(packet, Ethernet.HEADER) != Ethernet.IPV4
                || packet.getUnsignedShort(ICMP_AT) != 0
                || packet.getUnsignedShort(ICMP_AT + 4) != ID
                || packet.getUnsignedShort(ICMP_AT + 6) != sequence()) {
            return Match.FOREIGN;
        }
        return isWhole(packet) ? Match.REPLY : Match.DAMAGED;
    }

    private int sequence() {
        return ByteBuffer.wrap(request).getShort(ICMP_AT + 6) & 0xFFFF;
    }

    private boolean isWhole(Packet packet) {
        int length = request.length;
        if (packet.packetLength() < length) {
            return false;
        }
        packet.copyTo(0, reply, 0, length);
        return Ethernet.destination(packet) == mac
                && packet.getInt(26) == THEIRS
                && packet.getInt(30) == OURS
                && Checksum.finish(Checksum.sum(reply, Ethernet.HEADER, Frames.IPV4_HEADER)) == 0
                && Checksum.finish(Checksum.sum(reply, ICMP_AT, length - ICMP_AT)) == 0
                && Arrays.equals(reply, ICMP_AT + ICMP_HEADER, length, request, ICMP_AT + ICMP_HEADER, length);
    }

    private static void putAddress(ByteBuffer frame, long address) {
        frame.putShort((short) (address >>> 32)).putInt((int) address);
    }
}
