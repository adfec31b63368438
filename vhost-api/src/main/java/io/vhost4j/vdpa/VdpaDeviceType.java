// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

/** What a vDPA device is to the guest; mirrors {@code enum rte_vhost_vdpa_type}. */
public enum VdpaDeviceType {
    /** A network device: rings come in pairs. */
    NET,
    /** A block device. */
    BLK
}
