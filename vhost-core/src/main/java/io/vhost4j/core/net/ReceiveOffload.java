// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.PacketFlags;

/**
 * Turns the header that a guest put before a packet into the packet's offload fields. The header is a private copy; it is believed only
 * where it fits the packet.
 */
final class ReceiveOffload {
    private static final int TCP_CSUM_OFFSET = 16;
    private static final int UDP_CSUM_OFFSET = 6;
    private static final int SCTP_CSUM_OFFSET = 8;

    private final boolean compliantFlags;
    private final Headers headers = new Headers();

    ReceiveOffload(boolean compliantFlags) {
        this.compliantFlags = compliantFlags;
    }

    /**
     * Applies the header.
     *
     * @param header host address of a private copy of at least 10 bytes
     * @param packet holds the whole packet
     * @return false if the header does not fit the packet
     */
    boolean apply(long header, PooledPacket packet) {
        int flags = HostWindow.getByte(header + NetHeader.FLAGS);
        int gso = HostWindow.getByte(header + NetHeader.GSO_TYPE) & ~NetHeader.GSO_ECN;
        int start = HostWindow.getShort(header + NetHeader.CSUM_START);
        int offset = HostWindow.getShort(header + NetHeader.CSUM_OFFSET);
        int gsoSize = HostWindow.getShort(header + NetHeader.GSO_SIZE);
        boolean needsCsum = (flags & NetHeader.F_NEEDS_CSUM) != 0;
        if (needsCsum && start + offset + 2 > packet.packetLength()) {
            return false;
        }
        if (gso != NetHeader.GSO_NONE && (gsoSize == 0 || !isKnown(gso))) {
            return false;
        }
        return compliantFlags
                ? receiveFlags(packet, flags, gso, gsoSize, start, offset)
                : transmitFlags(packet, needsCsum, gso, gsoSize, start, offset);
    }

    private static boolean isKnown(int gso) {
        return gso == NetHeader.GSO_TCPV4 || gso == NetHeader.GSO_TCPV6 || gso == NetHeader.GSO_UDP;
    }

    private boolean receiveFlags(PooledPacket packet, int flags, int gso, int gsoSize, int start, int offset) {
        long ol = 0;
        if ((flags & NetHeader.F_NEEDS_CSUM) != 0) {
            boolean known =
                    headers.parse(packet) && start == headers.l2Bytes + headers.l3Bytes && checksumRequest(offset) != 0;
            if (known) {
                ol |= PacketFlags.RX_L4_CKSUM_NONE;
            } else {
                Checksum.complete(packet, start, start + offset, offset == UDP_CSUM_OFFSET);
                ol |= PacketFlags.RX_L4_CKSUM_GOOD;
            }
        } else if ((flags & NetHeader.F_DATA_VALID) != 0) {
            ol |= PacketFlags.RX_L4_CKSUM_GOOD;
        }
        if (gso != NetHeader.GSO_NONE) {
            ol |= PacketFlags.RX_LRO;
            packet.setTsoSegmentSize(gsoSize);
        }
        packet.setOlFlags(ol);
        return true;
    }

    private boolean transmitFlags(PooledPacket packet, boolean needsCsum, int gso, int gsoSize, int start, int offset) {
        boolean found = headers.parse(packet);
        long ol = 0;
        int l4 = 0;
        if (needsCsum) {
            long request = found && start == headers.l2Bytes + headers.l3Bytes ? checksumRequest(offset) : 0;
            if (request == 0) {
                Checksum.complete(packet, start, start + offset, offset == UDP_CSUM_OFFSET);
            }
            ol |= request;
        }
        if (gso != NetHeader.GSO_NONE) {
            l4 = gso == NetHeader.GSO_UDP ? headers.udpBytes(packet) : headers.tcpBytes(packet);
            if (!found
                    || l4 == 0
                    || headers.protocol != (gso == NetHeader.GSO_UDP ? Headers.PROTOCOL_UDP : Headers.PROTOCOL_TCP)) {
                return false;
            }
            ol |= gso == NetHeader.GSO_UDP ? PacketFlags.TX_UDP_SEG : PacketFlags.TX_TCP_SEG;
            packet.setTsoSegmentSize(gsoSize);
        }
        if (ol != 0) {
            ol |= headers.ipv4 ? PacketFlags.TX_IPV4 : PacketFlags.TX_IPV6;
            packet.setHeaderLengths(headers.l2Bytes, headers.l3Bytes, l4);
        }
        packet.setOlFlags(ol);
        return true;
    }

    /** The flag for the layer 4 protocol, if the checksum is where that protocol has it. */
    private long checksumRequest(int offset) {
        if (headers.protocol == Headers.PROTOCOL_TCP && offset == TCP_CSUM_OFFSET) {
            return PacketFlags.TX_TCP_CKSUM;
        }
        if (headers.protocol == Headers.PROTOCOL_UDP && offset == UDP_CSUM_OFFSET) {
            return PacketFlags.TX_UDP_CKSUM;
        }
        if (headers.protocol == Headers.PROTOCOL_SCTP && offset == SCTP_CSUM_OFFSET) {
            return PacketFlags.TX_SCTP_CKSUM;
        }
        return 0;
    }
}
