// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vfio;

/** Requests and structures of {@code linux/vfio.h}, and of PCI configuration space. */
public final class VfioLayout {
    /** VFIO_GET_API_VERSION. */
    public static final long GET_API_VERSION = 0x3b64;
    /** VFIO_CHECK_EXTENSION. */
    public static final long CHECK_EXTENSION = 0x3b65;
    /** VFIO_SET_IOMMU. */
    public static final long SET_IOMMU = 0x3b66;
    /** VFIO_GROUP_GET_STATUS: argsz u32, flags u32. */
    public static final long GROUP_GET_STATUS = 0x3b67;
    /** VFIO_GROUP_SET_CONTAINER: descriptor i32. */
    public static final long GROUP_SET_CONTAINER = 0x3b68;
    /** VFIO_GROUP_GET_DEVICE_FD: name. */
    public static final long GROUP_GET_DEVICE_FD = 0x3b6a;
    /** VFIO_DEVICE_GET_INFO: argsz u32, flags u32, regions u32, interrupts u32. */
    public static final long DEVICE_GET_INFO = 0x3b6b;
    /** VFIO_DEVICE_GET_REGION_INFO: argsz u32, flags u32, index u32, capabilities u32, size u64, offset u64. */
    public static final long DEVICE_GET_REGION_INFO = 0x3b6c;
    /** VFIO_DEVICE_GET_IRQ_INFO: argsz u32, flags u32, index u32, count u32. */
    public static final long DEVICE_GET_IRQ_INFO = 0x3b6d;
    /** VFIO_DEVICE_SET_IRQS: argsz u32, flags u32, index u32, start u32, count u32, descriptors i32. */
    public static final long DEVICE_SET_IRQS = 0x3b6e;
    /** VFIO_DEVICE_RESET. */
    public static final long DEVICE_RESET = 0x3b6f;
    /** VFIO_IOMMU_GET_INFO: argsz u32, flags u32, page sizes u64, capabilities u32. */
    public static final long IOMMU_GET_INFO = 0x3b70;
    /** VFIO_IOMMU_MAP_DMA: argsz u32, flags u32, vaddr u64, iova u64, size u64. */
    public static final long IOMMU_MAP_DMA = 0x3b71;
    /** VFIO_IOMMU_UNMAP_DMA: argsz u32, flags u32, iova u64, size u64. */
    public static final long IOMMU_UNMAP_DMA = 0x3b72;

    /** VFIO_TYPE1_IOMMU. */
    public static final int TYPE1 = 1;
    /** VFIO_TYPE1v2_IOMMU. */
    public static final int TYPE1_V2 = 3;
    /** VFIO_GROUP_FLAGS_VIABLE. */
    public static final int GROUP_VIABLE = 1;
    /** VFIO_REGION_INFO_FLAG_MMAP. */
    public static final int REGION_MMAP = 4;
    /** VFIO_IOMMU_INFO_CAPS. */
    public static final int INFO_CAPS = 2;
    /** VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE. */
    public static final int CAP_IOVA_RANGE = 1;
    /** VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL. */
    public static final int CAP_DMA_AVAIL = 3;
    /** VFIO_DMA_MAP_FLAG_READ and _WRITE. */
    public static final int DMA_READ_WRITE = 3;
    /** VFIO_PCI_MSIX_IRQ_INDEX. */
    public static final int IRQ_MSIX = 2;
    /** DATA_EVENTFD and ACTION_TRIGGER. */
    public static final int IRQ_EVENTFDS = 0x24;
    /** DATA_NONE and ACTION_TRIGGER. */
    public static final int IRQ_OFF = 0x21;
    /** Index of configuration space among the regions. */
    public static final int REGION_CONFIG = 7;
    /** Number of BARs. */
    public static final int BARS = 6;

    /** Bytes of the group's status. */
    public static final int STATUS_BYTES = 8;
    /** Bytes of a device's description. */
    public static final int DEVICE_BYTES = 16;
    /** Bytes of a region's description. */
    public static final int REGION_BYTES = 32;
    /** Bytes of an interrupt's description. */
    public static final int IRQ_BYTES = 16;
    /** Bytes of a request for interrupts, before the descriptors. */
    public static final int IRQ_SET_BYTES = 20;
    /** Bytes of the IOMMU's description, before capabilities. */
    public static final int INFO_BYTES = 24;
    /** Bytes of a request to map. */
    public static final int MAP_BYTES = 32;
    /** Bytes of a request to unmap. */
    public static final int UNMAP_BYTES = 24;

    /** Configuration space: vendor id, device id. */
    public static final int PCI_VENDOR = 0;
    /** Configuration space: device id. */
    public static final int PCI_DEVICE = 2;
    /** Configuration space: command. */
    public static final int PCI_COMMAND = 4;
    /** Command: memory space, bus master. */
    public static final int PCI_COMMAND_ON = 6;
    /** Command: bus master. */
    public static final int PCI_COMMAND_MASTER = 4;
    /** Configuration space: subsystem vendor id. */
    public static final int PCI_SUBSYSTEM_VENDOR = 0x2c;
    /** Configuration space: subsystem id. */
    public static final int PCI_SUBSYSTEM = 0x2e;
    /** Configuration space: first capability. */
    public static final int PCI_CAPABILITIES = 0x34;

    private VfioLayout() {}
}
