// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import java.util.EnumSet;
import java.util.Set;

/** Bits of the vhost-user protocol features (vhost-user specification, "Protocol features"). */
public enum ProtocolFeature {
    /** Several queues. */
    MQ(0),
    /** The dirty log is given as a file descriptor. */
    LOG_SHMFD(1),
    /** SEND_RARP is understood. */
    RARP(2),
    /** Any message may ask for a reply. */
    REPLY_ACK(3),
    /** NET_SET_MTU is understood. */
    MTU(4),
    /** There is a channel for requests from the back-end. */
    BACKEND_REQ(5),
    /** The rings' byte order can be set. */
    CROSS_ENDIAN(6),
    /** Crypto sessions. */
    CRYPTO_SESSION(7),
    /** Post-copy migration by userfaultfd. */
    PAGEFAULT(8),
    /** The configuration space is read and written by messages. */
    CONFIG(9),
    /** The back-end may send file descriptors. */
    BACKEND_SEND_FD(10),
    /** The back-end may hand out doorbell areas. */
    HOST_NOTIFIER(11),
    /** In-flight descriptors are tracked in shared memory. */
    INFLIGHT_SHMFD(12),
    /** RESET_DEVICE is understood. */
    RESET_DEVICE(13),
    /** Notifications are messages. */
    INBAND_NOTIFICATIONS(14),
    /** Memory regions are added and removed one by one. */
    CONFIGURE_MEM_SLOTS(15),
    /** The virtio device status is sent. */
    STATUS(16),
    /** Memory is mapped through Xen. */
    XEN_MMAP(17),
    /** Shared objects. */
    SHARED_OBJECT(18),
    /** Device state can be saved and loaded. */
    DEVICE_STATE(19),
    /** GET_VRING_BASE may leave buffers in flight. */
    GET_VRING_BASE_INFLIGHT(20),
    /** Ring addresses are guest physical. */
    GPA_ADDRESSES(21),
    /** Shared memory regions. */
    SHMEM(22),
    /** GET_VRING_BASE_SKIP_DRAIN is understood. */
    GET_VRING_BASE_SKIP_DRAIN(23);

    private final int bit;

    ProtocolFeature(int bit) {
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
    public static long maskOf(ProtocolFeature... features) {
        long mask = 0;
        for (ProtocolFeature feature : features) {
            mask |= feature.mask();
        }
        return mask;
    }

    /** The features named here whose bits are set in {@code mask}; bits without a name are left out. */
    public static Set<ProtocolFeature> setOf(long mask) {
        EnumSet<ProtocolFeature> set = EnumSet.noneOf(ProtocolFeature.class);
        for (ProtocolFeature feature : values()) {
            if (feature.in(mask)) {
                set.add(feature);
            }
        }
        return set;
    }
}
