// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

/** Registers of virtio over PCI (virtio 1.2 §4.1.4), and those that IFCVF adds in BAR 4. Little-endian. */
final class PciLayout {
    /** Capability id of virtio's capabilities. */
    static final int CAP_VENDOR = 9;

    static final int CAP_ID = 0;
    static final int CAP_NEXT = 1;
    static final int CAP_TYPE = 3;
    static final int CAP_BAR = 4;
    static final int CAP_OFFSET = 8;
    static final int CAP_LENGTH = 12;
    static final int CAP_MULTIPLIER = 16;
    static final int TYPE_COMMON = 1;
    static final int TYPE_NOTIFY = 2;
    static final int TYPE_ISR = 3;
    static final int TYPE_DEVICE = 4;

    static final int DEVICE_FEATURE_SELECT = 0;
    static final int DEVICE_FEATURE = 4;
    static final int DRIVER_FEATURE_SELECT = 8;
    static final int DRIVER_FEATURE = 12;
    static final int CONFIG_VECTOR = 16;
    static final int NUM_QUEUES = 18;
    static final int STATUS = 20;
    static final int CONFIG_GENERATION = 21;
    static final int QUEUE_SELECT = 22;
    static final int QUEUE_SIZE = 24;
    static final int QUEUE_VECTOR = 26;
    static final int QUEUE_ENABLE = 28;
    static final int QUEUE_NOTIFY_OFF = 30;
    static final int QUEUE_DESC = 32;
    static final int QUEUE_DRIVER = 40;
    static final int QUEUE_DEVICE = 48;
    /** Bytes of the common configuration. */
    static final int COMMON_BYTES = 56;

    static final int STATUS_ACKNOWLEDGE = 1;
    static final int STATUS_DRIVER = 2;
    static final int STATUS_DRIVER_OK = 4;
    static final int STATUS_FEATURES_OK = 8;
    static final int NO_VECTOR = 0xffff;

    /** BAR of the live migration block. */
    static final int LM_BAR = 4;

    static final int LM_LOGGING = 0;
    static final int LM_BASE_LOW = 0x10;
    static final int LM_BASE_HIGH = 0x14;
    static final int LM_END_LOW = 0x18;
    static final int LM_END_HIGH = 0x1c;
    static final int LM_RING_STATE = 0x20;
    /** Enabled queue pairs or queues. */
    static final int LM_MQ = 0x28;

    static final int LM_PAIR_STRIDE = 0x40;
    static final int LM_LOGGING_OFF = 0;
    static final int LM_LOGGING_VF = 1;
    static final int LM_LOGGING_PF = 3;

    private PciLayout() {}

    /** Where the state of a ring is: pairs of a network device share a block. */
    static long ringState(int ring, boolean net) {
        return net
                ? LM_RING_STATE + (long) (ring / 2) * LM_PAIR_STRIDE + (ring % 2) * 4L
                : LM_RING_STATE + (long) ring * LM_PAIR_STRIDE;
    }
}
