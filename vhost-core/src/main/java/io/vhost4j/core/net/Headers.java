// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.PooledPacket;

/** Finds the headers of a packet, as far as they are in its first segment. Used by one thread at a time. */
final class Headers {
    static final int ETHERNET_BYTES = 14;
    static final int PROTOCOL_TCP = 6;
    static final int PROTOCOL_UDP = 17;
    static final int PROTOCOL_SCTP = 132;

    private static final int TYPE_OFFSET = 12;
    private static final int TYPE_IPV4 = 0x0800;
    private static final int TYPE_IPV6 = 0x86DD;
    private static final int TYPE_VLAN = 0x8100;
    private static final int TYPE_QINQ = 0x88A8;
    private static final int VLAN_BYTES = 4;
    private static final int IPV4_MIN_BYTES = 20;
    private static final int IPV4_PROTOCOL = 9;
    private static final int IPV6_BYTES = 40;
    private static final int IPV6_NEXT = 6;
    private static final int MAX_EXTENSIONS = 8;
    private static final int UDP_BYTES = 8;
    private static final int TCP_DATA_OFFSET = 12;
    private static final int TCP_MIN_BYTES = 20;

    int l2Bytes;
    int l3Bytes;
    boolean ipv4;
    boolean ipv6;
    /** The layer 4 protocol, or -1 if it was not found. */
    int protocol;

    /** Looks at {@code packet}; true if its layer 4 protocol was found. */
    boolean parse(PooledPacket packet) {
        long data = packet.dataAddress();
        int bytes = packet.dataLength();
        protocol = -1;
        ipv4 = false;
        ipv6 = false;
        l3Bytes = 0;
        int type = 0;
        l2Bytes = ETHERNET_BYTES;
        if (bytes >= ETHERNET_BYTES) {
            type = networkShort(data + TYPE_OFFSET);
        }
        for (int tags = 0;
                tags < 2 && (type == TYPE_VLAN || type == TYPE_QINQ) && bytes >= l2Bytes + VLAN_BYTES;
                tags++) {
            l2Bytes += VLAN_BYTES;
            type = networkShort(data + l2Bytes - 2);
        }
        if (type == TYPE_IPV4) {
            parseIpv4(data + l2Bytes, bytes - l2Bytes);
        } else if (type == TYPE_IPV6) {
            parseIpv6(data + l2Bytes, bytes - l2Bytes);
        }
        return protocol >= 0;
    }

    private void parseIpv4(long ip, int bytes) {
        ipv4 = true;
        if (bytes >= IPV4_MIN_BYTES) {
            l3Bytes = (HostWindow.getByte(ip) & 0xF) * 4;
            if (l3Bytes >= IPV4_MIN_BYTES && l3Bytes <= bytes) {
                protocol = HostWindow.getByte(ip + IPV4_PROTOCOL);
            }
        }
    }

    private void parseIpv6(long ip, int bytes) {
        ipv6 = true;
        if (bytes < IPV6_BYTES) {
            return;
        }
        int next = HostWindow.getByte(ip + IPV6_NEXT);
        l3Bytes = IPV6_BYTES;
        for (int seen = 0; seen < MAX_EXTENSIONS && isExtension(next) && l3Bytes + 2 <= bytes; seen++) {
            next = HostWindow.getByte(ip + l3Bytes);
            l3Bytes += (HostWindow.getByte(ip + l3Bytes + 1) + 1) * 8;
        }
        if (!isExtension(next) && l3Bytes <= bytes) {
            protocol = next;
        }
    }

    private static boolean isExtension(int next) {
        return next == 0 || next == 43 || next == 60;
    }

    /** Bytes of the UDP header of {@code packet}, or 0 if it is not all in the first segment. */
    int udpBytes(PooledPacket packet) {
        return packet.dataLength() >= l2Bytes + l3Bytes + UDP_BYTES ? UDP_BYTES : 0;
    }

    /** Bytes of the TCP header of {@code packet}, or 0 if it is not all in the first segment. */
    int tcpBytes(PooledPacket packet) {
        int at = l2Bytes + l3Bytes;
        if (packet.dataLength() < at + TCP_MIN_BYTES) {
            return 0;
        }
        int bytes = (HostWindow.getByte(packet.dataAddress() + at + TCP_DATA_OFFSET) >> 4) * 4;
        return bytes >= TCP_MIN_BYTES && at + bytes <= packet.dataLength() ? bytes : 0;
    }

    private static int networkShort(long address) {
        return Short.toUnsignedInt(Short.reverseBytes((short) HostWindow.getShort(address)));
    }
}
