// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import io.vhost4j.VirtioFeature;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** virtio-net headers that lie about the packet behind them. */
final class HeaderCases {
    private static final String CSUM = "CVE-2024-11614: checksum beyond the packet";
    private static final String GSO = "CVE-2026-100236: software segmentation trusts the header";
    private static final int NEEDS_CSUM = 1;

    private HeaderCases() {}

    /** A header's fields. */
    private record Header(int flags, int gsoType, int hdrLen, int gsoSize, int csumStart, int csumOffset, int buffers) {
        byte[] toBytes() {
            ByteBuffer bytes = ByteBuffer.allocate(Attacker.NET_HEADER).order(ByteOrder.LITTLE_ENDIAN);
            bytes.put((byte) flags).put((byte) gsoType);
            bytes.putShort((short) hdrLen).putShort((short) gsoSize);
            bytes.putShort((short) csumStart).putShort((short) csumOffset).putShort((short) buffers);
            return bytes.array();
        }
    }

    static List<HostileCase> all() {
        List<HostileCase> cases = new ArrayList<>(List.of(
                one("checksum starts at 65535", CSUM, new Header(NEEDS_CSUM, 0, 0, 0, 0xFFFF, 0, 0)),
                one("checksum field at 65535", CSUM, new Header(NEEDS_CSUM, 0, 0, 0, 34, 0xFFFF, 0)),
                one("checksum fields that overflow", CSUM, new Header(NEEDS_CSUM, 0, 0, 0, 0xFFFF, 0xFFFF, 0)),
                one("checksum at the last byte", CSUM, new Header(NEEDS_CSUM, 0, 0, 0, 105, 0, 0)),
                one("TCP segments of 0 bytes", GSO, new Header(NEEDS_CSUM, 1, 54, 0, 34, 16, 0)),
                one("TCP segments of 1 byte", GSO, new Header(NEEDS_CSUM, 1, 54, 1, 34, 16, 0)),
                one("TCP segments without checksum", GSO, new Header(0, 1, 54, 1000, 0, 0, 0)),
                one("segments of an unknown kind", GSO, new Header(NEEDS_CSUM, 0x7F, 54, 1000, 34, 16, 0)),
                one("segments with ECN alone", GSO, new Header(NEEDS_CSUM, 0x80, 54, 1000, 34, 16, 0)),
                one("UDP fragments of 65535 bytes", GSO, new Header(NEEDS_CSUM, 3, 42, 0xFFFF, 34, 6, 0)),
                one("headers longer than the packet", GSO, new Header(NEEDS_CSUM, 4, 0xFFFF, 1000, 34, 16, 0)),
                one("all bits set", GSO, new Header(0xFF, 0xFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF))));
        cases.add(HostileCase.of(
                "segmentation of IP and TCP headers that lie", GSO, setup(), HeaderCases::packets, TAKEN));
        cases.add(HostileCase.of(
                "every header bit by bit",
                GSO,
                setup(),
                a -> {
                    int place = a.tx().next;
                    for (int bit = 0; bit < 96; bit++) {
                        byte[] header = new Header(NEEDS_CSUM, 1, 54, 1000, 34, 16, 0).toBytes();
                        header[bit / 8] ^= (byte) (1 << bit % 8);
                        send(a, header, Icmp.request(bit, 64));
                    }
                    return a.txFrom(place + 95);
                },
                TAKEN));
        return cases;
    }

    private static Setup setup() {
        return Setup.SPLIT.with(VirtioFeature.GUEST_CSUM, VirtioFeature.GUEST_TSO4, VirtioFeature.GUEST_TSO6);
    }

    /** The same header before a whole packet, an Ethernet header alone, and a packet over two descriptors. */
    private static HostileCase one(String name, String lesson, Header header) {
        return HostileCase.of(
                name,
                lesson,
                setup(),
                a -> {
                    int place = a.tx().next;
                    send(a, header.toBytes(), Icmp.request(1, 64));
                    send(a, header.toBytes(), new byte[14]);
                    send(a, header.toBytes(), tcp(0x45, 0x50, 40));
                    return a.txFrom(place + 2);
                },
                TAKEN);
    }

    private static Reaction packets(Attacker a) {
        int place = a.tx().next;
        int count = 0;
        byte[] header = new Header(NEEDS_CSUM, 1, 54, 100, 34, 16, 0).toBytes();
        for (int first : new int[] {0x45, 0x4F, 0x40, 0x65, 0xFF}) {
            for (int offset : new int[] {0x50, 0xF0, 0x00}) {
                for (int bytes : new int[] {20, 28, 40, 60, 1400}) {
                    send(a, header, tcp(first, offset, bytes));
                    count++;
                }
            }
        }
        return a.txFrom(place + count - 1);
    }

    /** A frame of an IP packet that is cut after some bytes, with any first byte and any TCP header length. */
    private static byte[] tcp(int first, int offset, int bytes) {
        ByteBuffer frame = ByteBuffer.allocate(14 + bytes);
        frame.put(12, (byte) (first >>> 4 == 6 ? 0x86 : 0x08)).put(13, (byte) (first >>> 4 == 6 ? 0xDD : 0));
        frame.put(14, (byte) first).putShort(16, (short) 0xFFFF);
        put(frame, 14 + 9, 6);
        put(frame, 14 + 20 + 12, offset);
        return frame.array();
    }

    private static void put(ByteBuffer frame, int at, int value) {
        if (at < frame.capacity()) {
            frame.put(at, (byte) value);
        }
    }

    private static void send(Attacker a, byte[] header, byte[] frame) {
        long at = Attacker.TX_DATA + (long) (a.tx().next % Attacker.RING_SIZE) * Attacker.RX_BYTES;
        a.ram().bytes(at, header);
        a.ram().bytes(at + header.length, frame);
        a.tx().add(Ram.gpa(at), header.length + frame.length, 0);
    }
}
