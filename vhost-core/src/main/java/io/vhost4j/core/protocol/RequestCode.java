// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import org.jspecify.annotations.Nullable;

/** Requests of the front-end (vhost-user specification, "Front-end message types"). */
public enum RequestCode {
    /** Which virtio features are offered. */
    GET_FEATURES(1, FdRule.NONE),
    /** Which virtio features are used. */
    SET_FEATURES(2, FdRule.NONE),
    /** The front-end takes the session. */
    SET_OWNER(3, FdRule.NONE),
    /** Deprecated: disables all rings. */
    RESET_OWNER(4, FdRule.NONE),
    /** Replaces the guest's memory. */
    SET_MEM_TABLE(5, FdRule.PER_REGION),
    /** Where the dirty log is. */
    SET_LOG_BASE(6, FdRule.ONE),
    /** What to signal after logging. */
    SET_LOG_FD(7, FdRule.ONE),
    /** The size of a ring. */
    SET_VRING_NUM(8, FdRule.NONE),
    /** Where a ring is. */
    SET_VRING_ADDR(9, FdRule.NONE),
    /** The position of a ring. */
    SET_VRING_BASE(10, FdRule.NONE),
    /** Stops a ring and asks for its position. */
    GET_VRING_BASE(11, FdRule.NONE),
    /** Starts a ring, and gives the guest's notifications. */
    SET_VRING_KICK(12, FdRule.OPTIONAL),
    /** What notifies the guest. */
    SET_VRING_CALL(13, FdRule.OPTIONAL),
    /** What tells the front-end of a broken ring. */
    SET_VRING_ERR(14, FdRule.OPTIONAL),
    /** Which protocol features are offered. */
    GET_PROTOCOL_FEATURES(15, FdRule.NONE),
    /** Which protocol features are used. */
    SET_PROTOCOL_FEATURES(16, FdRule.NONE),
    /** How many queues there can be. */
    GET_QUEUE_NUM(17, FdRule.NONE),
    /** Enables or disables a ring. */
    SET_VRING_ENABLE(18, FdRule.NONE),
    /** Announces the guest's address after a migration. */
    SEND_RARP(19, FdRule.NONE),
    /** The guest's MTU. */
    NET_SET_MTU(20, FdRule.NONE),
    /** The channel for requests of the back-end. */
    SET_BACKEND_REQ_FD(21, FdRule.ONE),
    /** Translations of an IOMMU. */
    IOTLB_MSG(22, FdRule.NONE),
    /** The byte order of a ring. */
    SET_VRING_ENDIAN(23, FdRule.NONE),
    /** Reads the configuration space. */
    GET_CONFIG(24, FdRule.NONE),
    /** Writes the configuration space. */
    SET_CONFIG(25, FdRule.NONE),
    /** Opens a crypto session. */
    CREATE_CRYPTO_SESSION(26, FdRule.NONE),
    /** Closes a crypto session. */
    CLOSE_CRYPTO_SESSION(27, FdRule.NONE),
    /** Post-copy migration may come. */
    POSTCOPY_ADVISE(28, FdRule.NONE),
    /** Post-copy migration starts. */
    POSTCOPY_LISTEN(29, FdRule.NONE),
    /** Post-copy migration is over. */
    POSTCOPY_END(30, FdRule.NONE),
    /** Asks for memory to track descriptors in flight. */
    GET_INFLIGHT_FD(31, FdRule.NONE),
    /** Gives memory to track descriptors in flight. */
    SET_INFLIGHT_FD(32, FdRule.ONE),
    /** The socket of a GPU. */
    GPU_SET_SOCKET(33, FdRule.ONE),
    /** Resets the device. */
    RESET_DEVICE(34, FdRule.NONE),
    /** A notification of the guest. */
    VRING_KICK(35, FdRule.NONE),
    /** How many memory regions there can be. */
    GET_MAX_MEM_SLOTS(36, FdRule.NONE),
    /** Adds a memory region. */
    ADD_MEM_REG(37, FdRule.ONE),
    /** Removes a memory region. */
    REM_MEM_REG(38, FdRule.OPTIONAL),
    /** The virtio device status. */
    SET_STATUS(39, FdRule.NONE),
    /** Asks for the virtio device status. */
    GET_STATUS(40, FdRule.NONE),
    /** Asks for a shared object. */
    GET_SHARED_OBJECT(41, FdRule.NONE),
    /** Starts to save or load the device's state. */
    SET_DEVICE_STATE_FD(42, FdRule.ONE),
    /** Asks whether the state was saved or loaded. */
    CHECK_DEVICE_STATE(43, FdRule.NONE),
    /** Asks for shared memory regions. */
    GET_SHMEM_CONFIG(44, FdRule.NONE),
    /** As GET_VRING_BASE, leaving buffers in flight. */
    GET_VRING_BASE_SKIP_DRAIN(45, FdRule.NONE);

    private static final RequestCode[] BY_CODE = values();

    private final int code;
    private final FdRule fdRule;

    RequestCode(int code, FdRule fdRule) {
        this.code = code;
        this.fdRule = fdRule;
    }

    /** The number in the header. */
    public int code() {
        return code;
    }

    FdRule fdRule() {
        return fdRule;
    }

    /** The request with this number, or null if the specification has none. */
    public static @Nullable RequestCode of(int code) {
        return code >= 1 && code <= BY_CODE.length ? BY_CODE[code - 1] : null;
    }
}
