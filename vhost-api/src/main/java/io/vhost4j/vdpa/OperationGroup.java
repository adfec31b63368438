// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

/** What a vDPA device can do, in the groups of the kernel's vDPA framework. */
public enum OperationGroup {
    /** Features, status, configuration space, rings: every device has these. */
    VIRTIO,
    /** It signals the guest's event descriptors itself, rather than having its interrupts relayed. */
    INTERRUPT,
    /** Its doorbells can be mapped into the guest. */
    DOORBELL,
    /** It tells which pages it wrote. */
    MIGRATION
}
