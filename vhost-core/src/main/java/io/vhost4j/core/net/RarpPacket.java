// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.packet.Packet;

/** The frame that tells switches where a migrated guest is now: a RARP request for its own address (RFC 903). */
final class RarpPacket {
    private static final int BYTES = 64;
    private static final int TYPE_RARP = 0x8035;
    private static final int HARDWARE_ETHERNET = 1;
    private static final int PROTOCOL_IPV4 = 0x0800;
    private static final int OPERATION_REVERSE_REQUEST = 3;

    private RarpPacket() {}

    /** Fills an empty packet; {@code mac} has the address's first byte in its lowest. */
    static void fill(Packet packet, long mac) {
        packet.append(BYTES);
        for (int i = 0; i < BYTES; i += 8) {
            packet.setLong(i, 0);
        }
        for (int i = 0; i < 6; i++) {
            packet.setByte(i, (byte) 0xFF);
        }
        setMac(packet, 6, mac);
        packet.setShort(12, TYPE_RARP);
        packet.setShort(14, HARDWARE_ETHERNET);
        packet.setShort(16, PROTOCOL_IPV4);
        packet.setShort(18, 6 << 8 | 4);
        packet.setShort(20, OPERATION_REVERSE_REQUEST);
        setMac(packet, 22, mac);
        setMac(packet, 32, mac);
    }

    private static void setMac(Packet packet, int offset, long mac) {
        for (int i = 0; i < 6; i++) {
            packet.setByte(offset + i, (byte) (mac >>> 8 * i));
        }
    }
}
