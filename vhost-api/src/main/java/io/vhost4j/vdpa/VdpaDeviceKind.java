// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

/** What a vDPA device is to the host. */
public enum VdpaDeviceKind {
    /** A physical function: a whole PCI function. */
    PF,
    /** A virtual function of a physical one (SR-IOV). */
    VF,
    /** An assignable device interface: queues of a function, told apart by a process address space id (Scalable IOV). */
    ADI,
    /** A sub-function: a part of a function with resources of its own. */
    SF,
    /** A device that the kernel has already made one of its own vDPA bus, whatever is behind it. */
    KERNEL,
    /** A program. */
    SOFTWARE
}
