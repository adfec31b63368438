// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.kernel;

/** Requests and structures of {@code linux/vhost.h} and {@code linux/vhost_types.h} for vDPA. */
final class VhostVdpaLayout {
    static final long GET_FEATURES = 0x8008_AF00L;
    static final long SET_FEATURES = 0x4008_AF00L;
    static final long SET_OWNER = 0xAF01;
    static final long SET_VRING_NUM = 0x4008_AF10L;
    /** index u32, flags u32, descriptors u64, used u64, available u64, log u64; addresses are the device's. */
    static final long SET_VRING_ADDR = 0x4028_AF11L;

    static final long SET_VRING_BASE = 0x4008_AF12L;
    static final long GET_VRING_BASE = 0xC008_AF12L;
    static final long SET_VRING_KICK = 0x4008_AF20L;
    static final long SET_VRING_CALL = 0x4008_AF21L;
    static final long SET_BACKEND_FEATURES = 0x4008_AF25L;
    static final long GET_BACKEND_FEATURES = 0x8008_AF26L;
    static final long GET_DEVICE_ID = 0x8004_AF70L;
    static final long GET_STATUS = 0x8001_AF71L;
    static final long SET_STATUS = 0x4001_AF72L;
    /** offset u32, length u32, bytes. */
    static final long GET_CONFIG = 0x8008_AF73L;

    static final long SET_CONFIG = 0x4008_AF74L;
    static final long SET_VRING_ENABLE = 0x4008_AF75L;
    static final long GET_VRING_NUM = 0x8002_AF76L;
    static final long SET_CONFIG_CALL = 0x4004_AF77L;
    /** first u64, last u64. */
    static final long GET_IOVA_RANGE = 0x8010_AF78L;

    static final long GET_CONFIG_SIZE = 0x8004_AF79L;
    static final long SUSPEND = 0xAF7D;
    static final long GET_VQS_COUNT = 0x8004_AF80L;

    static final int STATE_BYTES = 8;
    static final int ADDR_BYTES = 40;
    static final int CONFIG_HEADER = 8;

    static final long BACKEND_MSG_V2 = 1L << 1;
    static final long BACKEND_BATCH = 1L << 2;
    static final long BACKEND_SUSPEND = 1L << 4;

    /** {@code struct vhost_msg_v2}: type u32, address space u32, then the message. */
    static final int MSG_BYTES = 72;

    static final int MSG_TYPE_V2 = 2;
    static final int MSG_IOVA = 8;
    static final int MSG_SIZE = 16;
    static final int MSG_UADDR = 24;
    static final int MSG_PERMISSION = 32;
    static final int MSG_TYPE = 33;
    static final int PERMISSION_RW = 3;
    static final int IOTLB_UPDATE = 2;
    static final int IOTLB_INVALIDATE = 3;
    static final int IOTLB_BATCH_BEGIN = 5;
    static final int IOTLB_BATCH_END = 6;

    static final int ID_NET = 1;
    static final int ID_BLK = 2;

    static final int STATUS_ACKNOWLEDGE = 1;
    static final int STATUS_DRIVER = 2;
    static final int STATUS_DRIVER_OK = 4;
    static final int STATUS_FEATURES_OK = 8;

    private VhostVdpaLayout() {}
}
