// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request of the front-end, its form checked and nothing else: numbers are as received. Indices, sizes and switches are
 * unsigned 32-bit values in a {@code long}.
 */
public sealed interface FrontendRequest {
    /** See {@link RequestCode#GET_FEATURES}. */
    record GetFeatures() implements FrontendRequest {}

    /** See {@link RequestCode#SET_FEATURES}. */
    record SetFeatures(long features) implements FrontendRequest {}

    /** See {@link RequestCode#SET_OWNER}. */
    record SetOwner() implements FrontendRequest {}

    /** See {@link RequestCode#RESET_OWNER}. */
    record ResetOwner() implements FrontendRequest {}

    /** See {@link RequestCode#SET_MEM_TABLE}. */
    record SetMemTable(List<RegionInfo> regions, List<ReceivedFd> fds) implements FrontendRequest {}

    /** See {@link RequestCode#SET_VRING_NUM}. */
    record SetVringNum(long queue, long size) implements FrontendRequest {}

    /** See {@link RequestCode#SET_VRING_ADDR}; the addresses are the front-end's. */
    record SetVringAddr(long queue, RingAddresses addresses) implements FrontendRequest {}

    /** See {@link RequestCode#SET_VRING_BASE}. */
    record SetVringBase(long queue, long base) implements FrontendRequest {}

    /** See {@link RequestCode#GET_VRING_BASE}. */
    record GetVringBase(long queue) implements FrontendRequest {}

    /** See {@link RequestCode#SET_VRING_KICK}; without a descriptor the ring is polled. */
    record SetVringKick(int queue, @Nullable ReceivedFd fd) implements FrontendRequest {}

    /** See {@link RequestCode#SET_VRING_CALL}; without a descriptor the guest polls. */
    record SetVringCall(int queue, @Nullable ReceivedFd fd) implements FrontendRequest {}

    /** See {@link RequestCode#SET_VRING_ERR}. */
    record SetVringErr(int queue, @Nullable ReceivedFd fd) implements FrontendRequest {}

    /** See {@link RequestCode#GET_PROTOCOL_FEATURES}. */
    record GetProtocolFeatures() implements FrontendRequest {}

    /** See {@link RequestCode#SET_PROTOCOL_FEATURES}. */
    record SetProtocolFeatures(long features) implements FrontendRequest {}

    /** See {@link RequestCode#GET_QUEUE_NUM}. */
    record GetQueueNum() implements FrontendRequest {}

    /** See {@link RequestCode#SET_VRING_ENABLE}. */
    record SetVringEnable(long queue, long enable) implements FrontendRequest {}

    /** See {@link RequestCode#SEND_RARP}; the address is in the lowest 48 bits, first byte lowest. */
    record SendRarp(long mac) implements FrontendRequest {}

    /** See {@link RequestCode#NET_SET_MTU}. */
    record NetSetMtu(long mtu) implements FrontendRequest {}

    /** See {@link RequestCode#SET_BACKEND_REQ_FD}. */
    record SetBackendReqFd(ReceivedFd fd) implements FrontendRequest {}

    /** See {@link RequestCode#GET_CONFIG}. */
    record GetConfig(long offset, long size, long flags) implements FrontendRequest {}

    /** See {@link RequestCode#SET_CONFIG}; {@code size} bytes were sent. */
    record SetConfig(long offset, long size, long flags, byte[] bytes) implements FrontendRequest {}

    /** See {@link RequestCode#GET_SHARED_OBJECT}. */
    record GetSharedObject() implements FrontendRequest {}

    /** See {@link RequestCode#GET_SHMEM_CONFIG}. */
    record GetShmemConfig() implements FrontendRequest {}

    /** See {@link RequestCode#RESET_DEVICE}. */
    record ResetDevice() implements FrontendRequest {}

    /** See {@link RequestCode#GET_MAX_MEM_SLOTS}. */
    record GetMaxMemSlots() implements FrontendRequest {}

    /** See {@link RequestCode#ADD_MEM_REG}. */
    record AddMemReg(RegionInfo region, ReceivedFd fd) implements FrontendRequest {}

    /** See {@link RequestCode#REM_MEM_REG}; a descriptor that comes with it has no use. */
    record RemMemReg(RegionInfo region) implements FrontendRequest {}

    /** See {@link RequestCode#SET_STATUS}. */
    record SetStatus(long status) implements FrontendRequest {}

    /** See {@link RequestCode#GET_STATUS}. */
    record GetStatus() implements FrontendRequest {}

    /** See {@link RequestCode#SET_LOG_BASE}. */
    record SetLogBase(long sizeBytes, long offset, ReceivedFd fd) implements FrontendRequest {}

    /** See {@link RequestCode#SET_LOG_FD}. */
    record SetLogFd(ReceivedFd fd) implements FrontendRequest {}

    /** See {@link RequestCode#IOTLB_MSG}. */
    record IotlbMsg(long iova, long size, long userAddr, int permission, int type) implements FrontendRequest {}

    /** See {@link RequestCode#GET_INFLIGHT_FD}. */
    record GetInflightFd(InflightInfo info) implements FrontendRequest {}

    /** See {@link RequestCode#SET_INFLIGHT_FD}. */
    record SetInflightFd(InflightInfo info, ReceivedFd fd) implements FrontendRequest {}

    /** See {@link RequestCode#POSTCOPY_ADVISE}. */
    record PostcopyAdvise() implements FrontendRequest {}

    /** See {@link RequestCode#POSTCOPY_LISTEN}. */
    record PostcopyListen() implements FrontendRequest {}

    /** See {@link RequestCode#POSTCOPY_END}. */
    record PostcopyEnd() implements FrontendRequest {}

    /** The front-end's answer to the addresses that were replied to a memory request during post-copy. */
    record PostcopyMemoryAck(long status) implements FrontendRequest {}

    /** See {@link RequestCode#VRING_KICK}. */
    record VringKick(long queue, long reserved) implements FrontendRequest {}

    /** See {@link RequestCode#SET_VRING_ENDIAN}. */
    record SetVringEndian(long queue, long bigEndian) implements FrontendRequest {}

    /** See {@link RequestCode#SET_DEVICE_STATE_FD}. */
    record SetDeviceStateFd(long direction, long phase, ReceivedFd fd) implements FrontendRequest {}

    /** See {@link RequestCode#CHECK_DEVICE_STATE}. */
    record CheckDeviceState() implements FrontendRequest {}

    /** See {@link RequestCode#GET_VRING_BASE_SKIP_DRAIN}. */
    record GetVringBaseSkipDrain(long queue) implements FrontendRequest {}

    /** A request that is not served: one of a feature that is not offered, or a number without a meaning. */
    record Unsupported(int code) implements FrontendRequest {
        /** The request's name, or its number. */
        public String label() {
            RequestCode known = RequestCode.of(code);
            return known == null ? "request " + Integer.toUnsignedString(code) : known.name();
        }
    }

    /**
     * A memory region as the front-end describes it.
     *
     * @param gpa guest physical address
     * @param size in bytes
     * @param userAddr address in the front-end
     * @param mmapOffset where it starts in its file
     */
    record RegionInfo(long gpa, long size, long userAddr, long mmapOffset) {}

    /**
     * An in-flight buffer.
     *
     * @param sizeBytes of all of it
     * @param offset where it starts in its file
     * @param queues rings that it is for
     * @param queueSize descriptors of each ring
     */
    record InflightInfo(long sizeBytes, long offset, int queues, int queueSize) {}

    /**
     * Where a ring is.
     *
     * @param flags see the layout
     * @param desc descriptor table or descriptor ring
     * @param driver available ring or driver event suppression
     * @param device used ring or device event suppression
     * @param log guest physical address of the used ring, for the dirty log
     */
    record RingAddresses(long flags, long desc, long driver, long device, long log) {}
}
