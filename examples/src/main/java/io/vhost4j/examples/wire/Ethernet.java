// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import io.vhost4j.packet.Packet;

/** Ethernet II headers (IEEE 802.3 §3, 802.1Q §9) in a packet's first segment. */
public final class Ethernet {
    /** Bytes of a header without tags. */
    public static final int HEADER = 14;
    /** Bytes that a VLAN tag adds. */
    public static final int VLAN_TAG = 4;
    /** EtherType: IPv4. */
    public static final int IPV4 = 0x0800;
    /** EtherType: ARP. */
    public static final int ARP = 0x0806;
    /** EtherType: IPv6. */
    public static final int IPV6 = 0x86DD;
    /** EtherType: a VLAN tag follows. */
    public static final int VLAN = 0x8100;

    /** Where the destination and source addresses end. */
    public static final int ADDRESSES = 12;

    private static final int SOURCE = 6;

    private Ethernet() {}

    /** Length of the header with at most one VLAN tag, in bytes; 0 if the segment is too short to have one. */
    public static int headerLength(Packet packet) {
        int length = packet.dataLength();
        if (length < HEADER) {
            return 0;
        }
        if (packet.getUnsignedShort(ADDRESSES) != VLAN) {
            return HEADER;
        }
        return length < HEADER + VLAN_TAG ? 0 : HEADER + VLAN_TAG;
    }

    /** The type of what follows a header of {@code headerLength} bytes. */
    public static int type(Packet packet, int headerLength) {
        return packet.getUnsignedShort(headerLength - Short.BYTES);
    }

    /** The source address. */
    public static long source(Packet packet) {
        return address(packet, SOURCE);
    }

    /** The destination address. */
    public static long destination(Packet packet) {
        return address(packet, 0);
    }

    /** The six bytes at {@code offset}. */
    public static long address(Packet packet, int offset) {
        return ((long) packet.getUnsignedShort(offset) << 32) | (packet.getInt(offset + 2) & 0xFFFF_FFFFL);
    }

    /** Sets the six bytes at {@code offset}. */
    public static void setAddress(Packet packet, int offset, long address) {
        packet.setShort(offset, (int) (address >>> 32));
        packet.setInt(offset + 2, (int) address);
    }

    /** Sets both addresses. */
    public static void setAddresses(Packet packet, long destination, long source) {
        setAddress(packet, 0, destination);
        setAddress(packet, SOURCE, source);
    }

    /** Exchanges destination and source; leaves segments of less than 12 bytes alone. */
    public static void swapAddresses(Packet packet) {
        if (packet.dataLength() < ADDRESSES) {
            return;
        }
        long first = packet.getLong(0); // destination, and two bytes of the source
        long last = packet.getInt(Long.BYTES) & 0xFFFF_FFFFL; // the source's other four
        packet.setLong(0, (first << 48) | (last << 16) | (first >>> 48));
        packet.setInt(Long.BYTES, (int) (first >>> 16));
    }
}
