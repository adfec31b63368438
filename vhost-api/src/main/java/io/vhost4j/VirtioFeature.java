// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import java.util.EnumSet;
import java.util.Set;

/** Virtio feature bits of a network device and of its rings (virtio 1.2 §5.1.3, §6; bits 24, 26, 30: vhost-user). */
public enum VirtioFeature {
    /** The device computes checksums that the driver left out. */
    CSUM(0),
    /** The driver takes packets whose checksum is left out. */
    GUEST_CSUM(1),
    /** The initial maximum MTU is in the configuration space. */
    MTU(3),
    /** The device has a given MAC address. */
    MAC(5),
    /** Legacy: the device takes any kind of segmentation. */
    GSO(6),
    /** The driver takes TCP over IPv4 segments to be cut. */
    GUEST_TSO4(7),
    /** The driver takes TCP over IPv6 segments to be cut. */
    GUEST_TSO6(8),
    /** The driver takes segments with ECN. */
    GUEST_ECN(9),
    /** The driver takes UDP fragments to be cut. */
    GUEST_UFO(10),
    /** The device takes TCP over IPv4 segments to be cut. */
    HOST_TSO4(11),
    /** The device takes TCP over IPv6 segments to be cut. */
    HOST_TSO6(12),
    /** The device takes segments with ECN. */
    HOST_ECN(13),
    /** The device takes UDP fragments to be cut. */
    HOST_UFO(14),
    /** A received packet may be spread over several chains. */
    MRG_RXBUF(15),
    /** The link status is in the configuration space. */
    STATUS(16),
    /** There is a control queue. */
    CTRL_VQ(17),
    /** The control queue sets receive modes. */
    CTRL_RX(18),
    /** The control queue filters VLANs. */
    CTRL_VLAN(19),
    /** The driver announces itself after a migration. */
    GUEST_ANNOUNCE(21),
    /** There are several queue pairs. */
    MQ(22),
    /** The control queue sets the MAC address. */
    CTRL_MAC_ADDR(23),
    /** Legacy: interrupt when the ring runs empty even if suppressed. */
    NOTIFY_ON_EMPTY(24),
    /** vhost: log all writes to guest memory. */
    LOG_ALL(26),
    /** Legacy: header and data may be laid out over descriptors in any way. */
    ANY_LAYOUT(27),
    /** Descriptors may point to tables of descriptors. */
    RING_INDIRECT_DESC(28),
    /** Notifications are suppressed by event indices. */
    RING_EVENT_IDX(29),
    /** vhost-user: protocol features can be negotiated. */
    PROTOCOL_FEATURES(30),
    /** Virtio 1.0 or later. */
    VERSION_1(32),
    /** Addresses are translated by an IOMMU. */
    ACCESS_PLATFORM(33),
    /** Rings have the packed layout. */
    RING_PACKED(34),
    /** Buffers are used in the order they were made available. */
    IN_ORDER(35);

    private final int bit;

    VirtioFeature(int bit) {
        this.bit = bit;
    }

    /** The bit's number, 0 to 63. */
    public int bit() {
        return bit;
    }

    /** A word with only this bit set. */
    public long mask() {
        return 1L << bit;
    }

    /** Whether this bit is set in {@code features}. */
    public boolean in(long features) {
        return (features & mask()) != 0;
    }

    /** A word with the bits of all {@code features} set. */
    public static long maskOf(VirtioFeature... features) {
        long mask = 0;
        for (VirtioFeature feature : features) {
            mask |= feature.mask();
        }
        return mask;
    }

    /** The features named here whose bits are set in {@code mask}; bits without a name are left out. */
    public static Set<VirtioFeature> setOf(long mask) {
        EnumSet<VirtioFeature> set = EnumSet.noneOf(VirtioFeature.class);
        for (VirtioFeature feature : values()) {
            if (feature.in(mask)) {
                set.add(feature);
            }
        }
        return set;
    }
}
