// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/**
 * Byte layout of {@code struct virtio_net_hdr} (virtio 1.2 §5.1.6), little-endian.
 *
 * <pre>flags u8 | gso_type u8 | hdr_len u16 | gso_size u16 | csum_start u16 | csum_offset u16 | num_buffers u16</pre>
 *
 * The last field is missing in the legacy header of a device without mergeable buffers.
 */
public final class NetHeader {
    /** Offset of the flags. */
    public static final int FLAGS = 0;
    /** Offset of the kind of segmentation. */
    public static final int GSO_TYPE = 1;
    /** Offset of the length of the headers before the payload. */
    public static final int HDR_LEN = 2;
    /** Offset of the payload bytes of each segment. */
    public static final int GSO_SIZE = 4;
    /** Offset of where the checksum starts. */
    public static final int CSUM_START = 6;
    /** Offset of where the checksum goes, counted from its start. */
    public static final int CSUM_OFFSET = 8;
    /** Offset of the number of chains of a received packet. */
    public static final int NUM_BUFFERS = 10;

    /** Bytes of the header in legacy devices without mergeable buffers. */
    public static final int LEGACY_BYTES = 10;
    /** Bytes of the header otherwise. */
    public static final int BYTES = 12;

    /** Flag: the checksum is to be computed. */
    public static final int F_NEEDS_CSUM = 1;
    /** Flag: the checksum is known to be right. */
    public static final int F_DATA_VALID = 2;

    /** No segmentation. */
    public static final int GSO_NONE = 0;
    /** TCP over IPv4. */
    public static final int GSO_TCPV4 = 1;
    /** UDP fragmentation. */
    public static final int GSO_UDP = 3;
    /** TCP over IPv6. */
    public static final int GSO_TCPV6 = 4;
    /** Added to the kind: the TCP segments have ECN set. */
    public static final int GSO_ECN = 0x80;

    private NetHeader() {}
}
