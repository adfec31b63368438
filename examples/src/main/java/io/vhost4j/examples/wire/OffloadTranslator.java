// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketFlags;

/**
 * Makes transmit flags of receive flags, so that a packet whose checksum or segmentation its sender left open can be sent on. Needed where
 * a back-end runs with {@link io.vhost4j.DriverFlag#NET_COMPLIANT_OL_FLAGS}.
 */
public final class OffloadTranslator {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int SCTP = 132;
    private static final int TCP_HEADER = 20;
    private static final int UDP_HEADER = 8;
    private static final int IPV6_HEADER = 40;
    private static final int MAX_EXTENSIONS = 8;

    private OffloadTranslator() {}

    /** Replaces the packet's receive flags by transmit flags; none if nothing was left open or the headers are not understood. */
    public static void toTransmit(Packet packet) {
        long flags = packet.olFlags();
        boolean open = (flags & PacketFlags.RX_L4_CKSUM_MASK) == PacketFlags.RX_L4_CKSUM_NONE;
        boolean merged = (flags & PacketFlags.RX_LRO) != 0;
        packet.setOlFlags(0);
        int l2 = Ethernet.headerLength(packet);
        if ((!open && !merged) || l2 == 0) {
            return;
        }
        switch (Ethernet.type(packet, l2)) {
            case Ethernet.IPV4 -> translateIpv4(packet, l2, merged);
            case Ethernet.IPV6 -> translateIpv6(packet, l2, merged);
            default -> {}
        }
    }

    private static void translateIpv4(Packet packet, int l2, boolean merged) {
        if (packet.dataLength() < l2 + Frames.IPV4_HEADER) {
            return;
        }
        int l3 = (packet.getByte(l2) & 0xF) * 4;
        int protocol = packet.getByte(l2 + 9) & 0xFF;
        long flags = PacketFlags.TX_IPV4 | (merged ? PacketFlags.TX_IP_CKSUM : 0);
        if (l3 >= Frames.IPV4_HEADER) {
            finish(packet, l2, l3, protocol, flags, merged);
        }
    }

    private static void translateIpv6(Packet packet, int l2, boolean merged) {
        int room = packet.dataLength() - l2;
        if (room < IPV6_HEADER) {
            return;
        }
        int l3 = IPV6_HEADER;
        int next = packet.getByte(l2 + 6) & 0xFF;
        for (int i = 0; i < MAX_EXTENSIONS && isExtension(next) && room >= l3 + 8; i++) {
            int length = next == 44 ? 8 : ((packet.getByte(l2 + l3 + 1) & 0xFF) + 1) * 8;
            next = packet.getByte(l2 + l3) & 0xFF;
            l3 += length;
        }
        finish(packet, l2, l3, next, PacketFlags.TX_IPV6, merged);
    }

    /** Hop-by-hop options, routing, fragment, destination options (RFC 8200 §4). */
    private static boolean isExtension(int next) {
        return next == 0 || next == 43 || next == 44 || next == 60;
    }

    private static void finish(Packet packet, int l2, int l3, int protocol, long ip, boolean merged) {
        int l4At = l2 + l3;
        switch (protocol) {
            case TCP -> {
                if (packet.dataLength() >= l4At + TCP_HEADER) {
                    int l4 = ((packet.getByte(l4At + 12) >> 4) & 0xF) * 4;
                    packet.setHeaderLengths(l2, l3, l4);
                    packet.setOlFlags(ip | PacketFlags.TX_TCP_CKSUM | (merged ? PacketFlags.TX_TCP_SEG : 0));
                }
            }
            case UDP -> {
                packet.setHeaderLengths(l2, l3, UDP_HEADER);
                packet.setOlFlags(ip | PacketFlags.TX_UDP_CKSUM | (merged ? PacketFlags.TX_UDP_SEG : 0));
            }
            case SCTP -> {
                packet.setHeaderLengths(l2, l3, 0);
                packet.setOlFlags(ip | PacketFlags.TX_SCTP_CKSUM);
            }
            default -> {}
        }
    }
}
