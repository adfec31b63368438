// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vduse;

/** Requests and structures of {@code linux/vduse.h}. */
final class VduseLayout {
    static final long SET_API_VERSION = 0x4008_8101L;
    static final long CREATE_DEV = 0x4150_8102L;
    static final long DESTROY_DEV = 0x4100_8103L;
    static final long IOTLB_GET_FD = 0xC020_8110L;
    static final long GET_FEATURES = 0x8008_8111L;
    static final long VQ_SETUP = 0x4020_8114L;
    static final long VQ_GET_INFO = 0xC030_8115L;
    static final long VQ_SETUP_KICKFD = 0x4008_8116L;
    static final long VQ_INJECT_IRQ = 0x4004_8117L;

    /** {@code struct vduse_dev_config} before the configuration. */
    static final int CONFIG_BYTES = 336;

    static final int NAME_BYTES = 256;
    static final int CONFIG_VENDOR = 256;
    static final int CONFIG_DEVICE = 260;
    static final int CONFIG_FEATURES = 264;
    static final int CONFIG_RINGS = 272;
    static final int CONFIG_ALIGN = 276;
    static final int CONFIG_SIZE = 332;

    /** {@code struct vduse_iotlb_entry}: offset u64, start u64, last u64, permission u8. */
    static final int ENTRY_BYTES = 32;

    static final int ENTRY_OFFSET = 0;
    static final int ENTRY_START = 8;
    static final int ENTRY_LAST = 16;

    static final int VQ_CONFIG_BYTES = 32;
    static final int VQ_CONFIG_SIZE = 4;

    static final int INFO_BYTES = 48;
    static final int INFO_NUM = 4;
    static final int INFO_DESC = 8;
    static final int INFO_DRIVER = 16;
    static final int INFO_DEVICE = 24;
    static final int INFO_STATE = 32;
    static final int INFO_READY = 40;

    /** {@code struct vduse_dev_request} and its answer. */
    static final int REQUEST_BYTES = 152;

    static final int REQUEST_TYPE = 0;
    static final int REQUEST_ID = 4;
    static final int REQUEST_UNION = 24;
    static final int ANSWER_ID = 0;
    static final int ANSWER_RESULT = 4;
    static final int ANSWER_STATE = 28;

    static final int GET_VQ_STATE = 0;
    static final int SET_STATUS = 1;
    static final int UPDATE_IOTLB = 2;

    static final int STATUS_DRIVER_OK = 4;

    private VduseLayout() {}
}
