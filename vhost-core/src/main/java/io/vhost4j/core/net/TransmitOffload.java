// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.PacketFlags;

/**
 * Turns a packet's offload requests into the header that goes before it to a guest. What the guest did not agree to take is done here
 * if it is an Internet checksum; a packet to be cut for a guest that takes none cannot be delivered.
 *
 * <p>As virtio wants it, the checksum field of a packet with a layer 4 request holds the sum of the pseudo header, length included.
 */
final class TransmitOffload {
    /** Offload bits that need work; a packet without any has a header of zeros. */
    static final long REQUESTS =
            PacketFlags.TX_L4_MASK | PacketFlags.TX_TCP_SEG | PacketFlags.TX_UDP_SEG | PacketFlags.TX_IP_CKSUM;

    private static final int TCP_CSUM_OFFSET = 16;
    private static final int UDP_CSUM_OFFSET = 6;
    private static final int SCTP_CSUM_OFFSET = 8;

    private final long features;

    /** The first 8 bytes of the header: flags to csum_start. */
    long firstWord;
    /** The checksum offset. */
    int csumOffset;

    TransmitOffload(long features) {
        this.features = features;
    }

    /** As {@link #prepare}, also for packets without a request. */
    boolean prepareAny(PooledPacket packet) {
        if ((packet.olFlags() & REQUESTS) != 0) {
            return prepare(packet);
        }
        firstWord = 0;
        csumOffset = 0;
        return true;
    }

    /**
     * Works out {@link #firstWord} and {@link #csumOffset}.
     *
     * @return false if the packet cannot be delivered to this guest
     */
    boolean prepare(PooledPacket packet) {
        long ol = packet.olFlags();
        firstWord = 0;
        csumOffset = 0;
        int l3Start = packet.l2Length();
        int l4Start = l3Start + packet.l3Length();
        boolean segmented = (ol & (PacketFlags.TX_TCP_SEG | PacketFlags.TX_UDP_SEG)) != 0;
        if (l4Start > packet.dataLength() || segmented && !takesSegments(ol)) {
            return false;
        }
        if ((ol & PacketFlags.TX_IP_CKSUM) != 0 && packet.l3Length() >= 20) {
            Checksum.ipv4Header(packet, l3Start, packet.l3Length());
        }
        int offset = checksumOffset(ol);
        if (offset >= 0) {
            if (l4Start + offset + 2 > packet.packetLength()) {
                return false;
            }
            if (VirtioFeature.GUEST_CSUM.in(features)) {
                firstWord = NetHeader.F_NEEDS_CSUM | (long) l4Start << 8 * NetHeader.CSUM_START;
                csumOffset = offset;
            } else if (offset == SCTP_CSUM_OFFSET) {
                return false;
            } else {
                Checksum.complete(packet, l4Start, l4Start + offset, offset == UDP_CSUM_OFFSET);
                packet.setOlFlags(ol & ~PacketFlags.TX_L4_MASK);
            }
        }
        if (segmented) {
            long headerBytes = (long) l4Start + packet.l4Length();
            firstWord |= (long) gsoType(ol) << 8 * NetHeader.GSO_TYPE
                    | headerBytes << 8 * NetHeader.HDR_LEN
                    | (long) packet.tsoSegmentSize() << 8 * NetHeader.GSO_SIZE;
        }
        return true;
    }

    private boolean takesSegments(long ol) {
        if (!VirtioFeature.GUEST_CSUM.in(features)) {
            return false;
        }
        if ((ol & PacketFlags.TX_UDP_SEG) != 0) {
            return VirtioFeature.GUEST_UFO.in(features);
        }
        return (ol & PacketFlags.TX_IPV4) != 0
                ? VirtioFeature.GUEST_TSO4.in(features)
                : VirtioFeature.GUEST_TSO6.in(features);
    }

    private static int gsoType(long ol) {
        if ((ol & PacketFlags.TX_UDP_SEG) != 0) {
            return NetHeader.GSO_UDP;
        }
        return (ol & PacketFlags.TX_IPV4) != 0 ? NetHeader.GSO_TCPV4 : NetHeader.GSO_TCPV6;
    }

    private static int checksumOffset(long ol) {
        long request = ol & PacketFlags.TX_L4_MASK;
        if (request == PacketFlags.TX_TCP_CKSUM || (ol & PacketFlags.TX_TCP_SEG) != 0) {
            return TCP_CSUM_OFFSET;
        }
        if (request == PacketFlags.TX_UDP_CKSUM || (ol & PacketFlags.TX_UDP_SEG) != 0) {
            return UDP_CSUM_OFFSET;
        }
        return request == PacketFlags.TX_SCTP_CKSUM ? SCTP_CSUM_OFFSET : -1;
    }
}
