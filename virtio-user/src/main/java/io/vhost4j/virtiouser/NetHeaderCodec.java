// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.PacketFlags;

/** Offload fields of packets to virtio-net headers and back (virtio 1.2 §5.1.6.2 and §5.1.6.4). */
final class NetHeaderCodec {
    private static final long WANTED =
            PacketFlags.TX_L4_MASK | PacketFlags.TX_TCP_SEG | PacketFlags.TX_UDP_SEG | PacketFlags.TX_IP_CKSUM;
    private static final int TCP_CHECKSUM = 16;
    private static final int UDP_CHECKSUM = 6;
    private static final int SCTP_CHECKSUM = 8;
    private static final int IPV4_CHECKSUM = 10;
    private static final int ETHERNET_BYTES = 14;
    private static final int CHECKSUM_BYTES = 2;

    private NetHeaderCodec() {}

    /** Writes the header of a packet to send. */
    static void write(long header, PooledPacket packet) {
        HostWindow.setLong(header, 0);
        HostWindow.setInt(header + Long.BYTES, 0);
        long flags = packet.olFlags();
        if ((flags & WANTED) != 0) {
            writeOffloads(header, packet, flags);
        }
    }

    private static void writeOffloads(long header, PooledPacket packet, long flags) {
        if ((flags & PacketFlags.TX_IP_CKSUM) != 0) {
            fillIpv4Checksum(packet);
        }
        int start = packet.l2Length() + packet.l3Length();
        int offset = checksumOffset(flags);
        if (offset == 0) {
            return;
        }
        HostWindow.setByte(header + NetHeader.FLAGS, NetHeader.F_NEEDS_CSUM);
        HostWindow.setShort(header + NetHeader.CSUM_START, start);
        HostWindow.setShort(header + NetHeader.CSUM_OFFSET, offset);
        int kind = segmentation(flags);
        if (kind != NetHeader.GSO_NONE) {
            HostWindow.setByte(header + NetHeader.GSO_TYPE, kind);
            HostWindow.setShort(header + NetHeader.HDR_LEN, start + packet.l4Length());
            HostWindow.setShort(header + NetHeader.GSO_SIZE, packet.tsoSegmentSize());
        }
    }

    private static int checksumOffset(long flags) {
        if ((flags & PacketFlags.TX_TCP_SEG) != 0) {
            return TCP_CHECKSUM;
        }
        if ((flags & PacketFlags.TX_UDP_SEG) != 0) {
            return UDP_CHECKSUM;
        }
        long layer4 = flags & PacketFlags.TX_L4_MASK;
        if (layer4 == PacketFlags.TX_TCP_CKSUM) {
            return TCP_CHECKSUM;
        }
        if (layer4 == PacketFlags.TX_UDP_CKSUM) {
            return UDP_CHECKSUM;
        }
        return layer4 == PacketFlags.TX_SCTP_CKSUM ? SCTP_CHECKSUM : 0;
    }

    private static int segmentation(long flags) {
        if ((flags & PacketFlags.TX_TCP_SEG) != 0) {
            return (flags & PacketFlags.TX_IPV6) != 0 ? NetHeader.GSO_TCPV6 : NetHeader.GSO_TCPV4;
        }
        return (flags & PacketFlags.TX_UDP_SEG) != 0 ? NetHeader.GSO_UDP : NetHeader.GSO_NONE;
    }

    /** The device has no offload for it: computed here, if the first segment has the whole IP header. */
    private static void fillIpv4Checksum(PooledPacket packet) {
        int start = packet.l2Length();
        int length = packet.l3Length();
        if (length < IPV4_CHECKSUM + CHECKSUM_BYTES || start + length > packet.dataLength()) {
            return;
        }
        packet.setShort(start + IPV4_CHECKSUM, 0);
        int sum = 0;
        for (int at = 0; at + 1 < length; at += CHECKSUM_BYTES) {
            sum += packet.getUnsignedShort(start + at);
        }
        sum = (sum >>> 16) + (sum & 0xFFFF);
        sum += sum >>> 16;
        packet.setShort(start + IPV4_CHECKSUM, ~sum & 0xFFFF);
    }

    /** Sets the offload fields of a received packet from a header that the back-end wrote: fields that make no sense are left out. */
    static void read(long header, PooledPacket packet) {
        int flags = HostWindow.getByte(header + NetHeader.FLAGS);
        int kind = HostWindow.getByte(header + NetHeader.GSO_TYPE) & ~NetHeader.GSO_ECN;
        if (flags == 0 && kind == NetHeader.GSO_NONE) {
            return;
        }
        long result = 0;
        if ((flags & NetHeader.F_NEEDS_CSUM) != 0) {
            int start = HostWindow.getShort(header + NetHeader.CSUM_START);
            int offset = HostWindow.getShort(header + NetHeader.CSUM_OFFSET);
            if (start >= ETHERNET_BYTES && start + offset + CHECKSUM_BYTES <= packet.packetLength()) {
                result |= PacketFlags.RX_L4_CKSUM_NONE;
                packet.setHeaderLengths(ETHERNET_BYTES, start - ETHERNET_BYTES, 0);
            }
        } else if ((flags & NetHeader.F_DATA_VALID) != 0) {
            result |= PacketFlags.RX_L4_CKSUM_GOOD;
        }
        int segment = HostWindow.getShort(header + NetHeader.GSO_SIZE);
        if (segment != 0 && isSegmentation(kind)) {
            result |= PacketFlags.RX_LRO;
            packet.setTsoSegmentSize(segment);
        }
        packet.setOlFlags(result);
    }

    private static boolean isSegmentation(int kind) {
        return kind == NetHeader.GSO_TCPV4 || kind == NetHeader.GSO_TCPV6 || kind == NetHeader.GSO_UDP;
    }
}
