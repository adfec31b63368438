// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VirtioFeature;

/** Which features the library has, and which it offers if the application does not choose. */
public final class OfferedFeatures {
    /** Virtio features offered by default. */
    public static final long VIRTIO_DEFAULT = VirtioFeature.maskOf(
            VirtioFeature.CSUM,
            VirtioFeature.GUEST_CSUM,
            VirtioFeature.MTU,
            VirtioFeature.GUEST_TSO4,
            VirtioFeature.GUEST_TSO6,
            VirtioFeature.GUEST_ECN,
            VirtioFeature.GUEST_UFO,
            VirtioFeature.HOST_TSO4,
            VirtioFeature.HOST_TSO6,
            VirtioFeature.HOST_ECN,
            VirtioFeature.HOST_UFO,
            VirtioFeature.MRG_RXBUF,
            // The control queue is the front-end's own; offering it lets the front-end offer it.
            VirtioFeature.CTRL_VQ,
            VirtioFeature.CTRL_RX,
            VirtioFeature.GUEST_ANNOUNCE,
            VirtioFeature.MQ,
            VirtioFeature.LOG_ALL,
            VirtioFeature.ANY_LAYOUT,
            VirtioFeature.RING_INDIRECT_DESC,
            VirtioFeature.RING_EVENT_IDX,
            VirtioFeature.PROTOCOL_FEATURES,
            VirtioFeature.VERSION_1,
            VirtioFeature.RING_PACKED,
            VirtioFeature.IN_ORDER);

    /** Virtio features that can be offered: those above, those that are the front-end's alone, and what flags allow. */
    public static final long VIRTIO_SUPPORTED = VIRTIO_DEFAULT
            | VirtioFeature.maskOf(
                    VirtioFeature.MAC,
                    VirtioFeature.GSO,
                    VirtioFeature.STATUS,
                    VirtioFeature.CTRL_VLAN,
                    VirtioFeature.CTRL_MAC_ADDR,
                    VirtioFeature.ACCESS_PLATFORM);

    /** Protocol features offered by default. */
    public static final long PROTOCOL_DEFAULT = ProtocolFeature.maskOf(
            ProtocolFeature.MQ,
            ProtocolFeature.LOG_SHMFD,
            ProtocolFeature.RARP,
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.MTU,
            ProtocolFeature.BACKEND_REQ,
            ProtocolFeature.INFLIGHT_SHMFD,
            ProtocolFeature.RESET_DEVICE,
            ProtocolFeature.CONFIGURE_MEM_SLOTS,
            ProtocolFeature.STATUS,
            ProtocolFeature.DEVICE_STATE);

    /** Protocol features that can be offered. */
    public static final long PROTOCOL_SUPPORTED = PROTOCOL_DEFAULT
            | ProtocolFeature.maskOf(
                    ProtocolFeature.CROSS_ENDIAN,
                    ProtocolFeature.CRYPTO_SESSION,
                    ProtocolFeature.PAGEFAULT,
                    ProtocolFeature.CONFIG,
                    ProtocolFeature.BACKEND_SEND_FD,
                    ProtocolFeature.HOST_NOTIFIER,
                    ProtocolFeature.INBAND_NOTIFICATIONS,
                    ProtocolFeature.SHARED_OBJECT,
                    ProtocolFeature.GET_VRING_BASE_INFLIGHT,
                    ProtocolFeature.GPA_ADDRESSES,
                    ProtocolFeature.SHMEM,
                    ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN);

    private OfferedFeatures() {}
}
