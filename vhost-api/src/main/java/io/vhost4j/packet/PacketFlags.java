// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.packet;

/** Offload bits of {@link Packet#olFlags}; the meanings are those of DPDK's {@code RTE_MBUF_F_*} flags of the same name. */
public final class PacketFlags {
    /** Received: the IP header's checksum is right. */
    public static final long RX_IP_CKSUM_GOOD = 1L << 7;
    /** Received: the layer 4 checksum is right. */
    public static final long RX_L4_CKSUM_GOOD = 1L << 8;
    /** Received: the layer 4 checksum is not filled in, but the data is known to be whole. */
    public static final long RX_L4_CKSUM_NONE = RX_L4_CKSUM_GOOD | (1L << 3);
    /** Both bits of the layer 4 receive state. */
    public static final long RX_L4_CKSUM_MASK = (1L << 3) | (1L << 8);
    /** Received: several segments of a flow in one packet; {@link Packet#tsoSegmentSize} says how large each was. */
    public static final long RX_LRO = 1L << 16;

    /** To send: compute the UDP checksum. */
    public static final long TX_UDP_CKSUM = 3L << 52;
    /** To send: compute the SCTP checksum. */
    public static final long TX_SCTP_CKSUM = 2L << 52;
    /** To send: compute the TCP checksum. */
    public static final long TX_TCP_CKSUM = 1L << 52;
    /** Mask of the layer 4 checksum requests. */
    public static final long TX_L4_MASK = 3L << 52;
    /** To send: cut into TCP segments of {@link Packet#tsoSegmentSize} bytes; implies {@link #TX_TCP_CKSUM}. */
    public static final long TX_TCP_SEG = 1L << 50;
    /** To send: cut into UDP fragments. */
    public static final long TX_UDP_SEG = 1L << 42;
    /** To send: compute the IPv4 header's checksum. */
    public static final long TX_IP_CKSUM = 1L << 54;
    /** To send: the packet is IPv4. */
    public static final long TX_IPV4 = 1L << 55;
    /** To send: the packet is IPv6. */
    public static final long TX_IPV6 = 1L << 56;
    /** The segment's data is in an external buffer. */
    public static final long EXTERNAL = 1L << 61;

    private PacketFlags() {}
}
