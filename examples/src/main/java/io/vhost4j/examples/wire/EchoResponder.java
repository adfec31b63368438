// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketFlags;

/**
 * Turns ARP requests (RFC 826) and ICMP echo requests (RFC 792) into their replies, in place; answers for every IPv4 address. For one
 * thread.
 *
 * <p>Fragments of an echo request are answered one by one: only the type changes, in the first fragment, so that the replies
 * are put together to a packet with the right checksum. As later fragments do not say what they are of, all ICMP fragments are sent back.
 */
public final class EchoResponder {
    private static final int ARP_LENGTH = 28;
    private static final long ARP_ETHERNET_IPV4 = 0x0001_0800_0604L; // hardware and protocol types, their lengths
    private static final int ARP_REQUEST = 1;
    private static final int ARP_REPLY = 2;

    private static final int IPV4_HEADER = Frames.IPV4_HEADER;
    private static final int TTL = 64;
    private static final int FRAGMENT_MASK = 0x3FFF; // offset and more-fragments
    private static final int OFFSET_MASK = 0x1FFF;
    private static final int PROTOCOL_ICMP = 1;
    private static final int FIRST_GROUP_ADDRESS = 0xE000_0000;

    private static final int ICMP_HEADER = 8;
    private static final int ICMP_CHECKSUM = 2;
    private static final int ECHO_REQUEST = 0x0800; // type and code as one word
    private static final int ECHO_REPLY = 0;

    private static final int OPTION_END = 0;
    private static final int OPTION_NOP = 1;
    private static final int OPTION_LOOSE_ROUTE = 131;
    private static final int OPTION_STRICT_ROUTE = 137;

    private final long mac;
    private final byte[] scratch = new byte[Frames.MAX_IPV4];

    /** Answers as the station with this Ethernet address. */
    public EchoResponder(long mac) {
        this.mac = mac;
    }

    /** Makes {@code packet} the reply to what it was; false, with the packet unchanged, if it asks for none. */
    public boolean reply(Packet packet) {
        int l2 = Ethernet.headerLength(packet);
        if (l2 == 0) {
            return false;
        }
        long asker = Ethernet.source(packet);
        boolean answered = switch (Ethernet.type(packet, l2)) {
            case Ethernet.ARP -> replyArp(packet, l2);
            case Ethernet.IPV4 -> replyIcmp(packet, l2);
            default -> false;
        };
        if (answered) {
            Ethernet.setAddresses(packet, asker, mac);
            packet.setOlFlags(0);
            packet.setTsoSegmentSize(0);
        }
        return answered;
    }

    private boolean replyArp(Packet packet, int at) {
        if (packet.dataLength() < at + ARP_LENGTH
                || Ethernet.address(packet, at) != ARP_ETHERNET_IPV4
                || packet.getUnsignedShort(at + 6) != ARP_REQUEST) {
            return false;
        }
        long senderMac = Ethernet.address(packet, at + 8);
        int sender = packet.getInt(at + 14);
        int target = packet.getInt(at + 24);
        if (sender == 0 || sender == target) {
            return false; // a probe or announcement (RFC 5227): an answer would claim that the address is taken
        }
        packet.setShort(at + 6, ARP_REPLY);
        Ethernet.setAddress(packet, at + 8, mac);
        packet.setInt(at + 14, target);
        Ethernet.setAddress(packet, at + 18, senderMac);
        packet.setInt(at + 24, sender);
        return true;
    }

    private boolean replyIcmp(Packet packet, int at) {
        int room = packet.dataLength() - at;
        if (room < IPV4_HEADER) {
            return false;
        }
        int first = packet.getUnsignedShort(at);
        int header = ((first >>> 8) & 0xF) * 4;
        int total = packet.getUnsignedShort(at + 2);
        if (first >>> 12 != 4
                || header < IPV4_HEADER
                || room < header
                || total < header
                || total > packet.packetLength() - at
                || (packet.getUnsignedShort(at + 8) & 0xFF) != PROTOCOL_ICMP
                || !isAnswerable(packet.getInt(at + 12), packet.getInt(at + 16))
                || hasSourceRoute(packet, at + IPV4_HEADER, at + header)) {
            return false;
        }
        int fragment = packet.getUnsignedShort(at + 6) & FRAGMENT_MASK;
        boolean isFirst = (fragment & OFFSET_MASK) == 0;
        if (isFirst && !turnEcho(packet, at + header, total - header, fragment == 0)) {
            return false;
        }
        turnIpHeader(packet, at);
        return true;
    }

    /** Not from or to a group of stations, nor from nobody. */
    private static boolean isAnswerable(int source, int destination) {
        return source != 0
                && Integer.compareUnsigned(source, FIRST_GROUP_ADDRESS) < 0
                && Integer.compareUnsigned(destination, FIRST_GROUP_ADDRESS) < 0;
    }

    /** A source route would have to be walked back; such packets are refused, as most hosts do. */
    private static boolean hasSourceRoute(Packet packet, int from, int to) {
        int at = from;
        while (at < to) {
            int option = packet.getByte(at) & 0xFF;
            if (option == OPTION_END) {
                return false;
            }
            if (option == OPTION_LOOSE_ROUTE || option == OPTION_STRICT_ROUTE) {
                return true;
            }
            int length = option == OPTION_NOP || at + 1 >= to ? 1 : packet.getByte(at + 1) & 0xFF;
            at += Math.max(1, length);
        }
        return false;
    }

    private boolean turnEcho(Packet packet, int at, int length, boolean whole) {
        if (length < ICMP_HEADER
                || packet.dataLength() < at + ICMP_HEADER
                || packet.getUnsignedShort(at) != ECHO_REQUEST) {
            return false;
        }
        packet.setShort(at, ECHO_REPLY);
        if (whole && isChecksumMissing(packet.olFlags())) {
            packet.setShort(at + ICMP_CHECKSUM, 0);
            packet.copyTo(at, scratch, 0, length);
            packet.setShort(at + ICMP_CHECKSUM, Checksum.finish(Checksum.sum(scratch, 0, length)));
        } else {
            int checksum = packet.getUnsignedShort(at + ICMP_CHECKSUM);
            packet.setShort(at + ICMP_CHECKSUM, Checksum.update(checksum, ECHO_REQUEST, ECHO_REPLY));
        }
        return true;
    }

    /** Whether the sender left the checksum to whoever puts the packet on a wire. */
    private static boolean isChecksumMissing(long flags) {
        return (flags & PacketFlags.TX_L4_MASK) != 0
                || (flags & PacketFlags.RX_L4_CKSUM_MASK) == PacketFlags.RX_L4_CKSUM_NONE;
    }

    private static void turnIpHeader(Packet packet, int at) {
        int source = packet.getInt(at + 12);
        packet.setInt(at + 12, packet.getInt(at + 16)); // exchanging words leaves the sum as it is
        packet.setInt(at + 16, source);
        int old = packet.getUnsignedShort(at + 8);
        int fresh = (TTL << 8) | (old & 0xFF);
        packet.setShort(at + 8, fresh);
        packet.setShort(at + 10, Checksum.update(packet.getUnsignedShort(at + 10), old, fresh));
    }
}
