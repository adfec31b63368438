// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

/** How a vDPA device reaches the guest's memory. */
public enum DmaModel {
    /** By what its parent does for it: the memory is reachable as it is. */
    VIRTIO,
    /** Through the system's IOMMU: a VFIO container maps guest physical addresses. */
    VFIO,
    /** Through a translation of its own: it is told of mappings by IOTLB messages. */
    VHOST
}
