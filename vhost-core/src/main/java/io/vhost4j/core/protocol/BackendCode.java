// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

/** Requests of the back-end (vhost-user specification, "Back-end message types"). */
public enum BackendCode {
    /** An address of an IOMMU is needed. */
    IOTLB_MSG(1),
    /** The configuration space changed. */
    CONFIG_CHANGE(2),
    /** A doorbell for the guest. */
    VRING_HOST_NOTIFIER(3),
    /** Notifies the guest. */
    VRING_CALL(4),
    /** A ring is broken. */
    VRING_ERR(5),
    /** Announces a shared object. */
    SHARED_OBJECT_ADD(6),
    /** Takes a shared object back. */
    SHARED_OBJECT_REMOVE(7),
    /** Asks for a shared object. */
    SHARED_OBJECT_LOOKUP(8),
    /** Maps in a shared memory region. */
    SHMEM_MAP(9),
    /** Unmaps in a shared memory region. */
    SHMEM_UNMAP(10);

    private final int code;

    BackendCode(int code) {
        this.code = code;
    }

    /** The number in the header. */
    public int code() {
        return code;
    }
}
