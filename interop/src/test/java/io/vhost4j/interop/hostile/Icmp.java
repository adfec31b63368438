// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Frames of ICMP echo requests, which both back-ends answer. */
final class Icmp {
    private static final byte[] ADDRESSES = HexFormat.of().parseHex("020000000001" + "020000000002" + "0800");
    private static final int IP = 14;
    private static final int ICMP = 34;

    private Icmp() {}

    /** An Ethernet frame with a request of {@code payloadBytes} bytes. */
    static byte[] request(int sequence, int payloadBytes) {
        ByteBuffer frame = ByteBuffer.allocate(ICMP + 8 + payloadBytes);
        frame.put(ADDRESSES);
        frame.putShort((short) 0x4500).putShort((short) (28 + payloadBytes));
        frame.putInt(0).putShort((short) (64 << 8 | 1)).putShort((short) 0);
        frame.putInt(0x0A00_0002).putInt(0x0A00_0001);
        frame.putShort((short) 0x0800).putShort((short) 0).putShort((short) 77).putShort((short) sequence);
        for (int i = 0; i < payloadBytes; i++) {
            frame.put((byte) (sequence + i));
        }
        frame.putShort(IP + 10, (short) checksum(frame, IP, 20));
        frame.putShort(ICMP + 2, (short) checksum(frame, ICMP, 8 + payloadBytes));
        return frame.array();
    }

    /** Whether the bytes at the ICMP header's place are those of a reply. */
    static boolean isReply(int typeAndCode) {
        return typeAndCode == 0;
    }

    private static int checksum(ByteBuffer frame, int from, int length) {
        long sum = 0;
        for (int i = 0; i < length; i += 2) {
            int low = i + 1 < length ? frame.get(from + i + 1) & 0xFF : 0;
            sum += (frame.get(from + i) & 0xFF) << 8 | low;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) ~sum & 0xFFFF;
    }
}
