// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import io.vhost4j.core.layout.VhostUserConfig;
import io.vhost4j.core.layout.VhostUserInflight;
import io.vhost4j.core.layout.VhostUserIotlb;
import io.vhost4j.core.layout.VhostUserLog;
import io.vhost4j.core.layout.VhostUserMemory;
import io.vhost4j.core.layout.VhostUserShmem;
import io.vhost4j.core.layout.VhostUserVring;
import io.vhost4j.core.protocol.FrontendRequest.RegionInfo;
import io.vhost4j.core.protocol.FrontendRequest.RingAddresses;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns received messages into requests. Checks the form only: the exact size of the payload, the number of descriptors,
 * bits that must be zero. What the values mean is the session's.
 */
public final class RequestDecoder {
    private RequestDecoder() {}

    /**
     * Decodes a complete message.
     *
     * @param message its descriptors can be adopted through the request until the message is cleared
     * @throws ProtocolException if the form is wrong
     */
    public static FrontendRequest decode(ReceivedMessage message) {
        RequestCode code = RequestCode.of(message.request());
        if (code == null) {
            return new FrontendRequest.Unsupported(message.request());
        }
        code.fdRule().check(code, message.fdCount());
        return switch (code) {
            case GET_FEATURES -> empty(code, message, new FrontendRequest.GetFeatures());
            case SET_FEATURES -> new FrontendRequest.SetFeatures(u64(code, message));
            case SET_OWNER -> empty(code, message, new FrontendRequest.SetOwner());
            case RESET_OWNER -> empty(code, message, new FrontendRequest.ResetOwner());
            case SET_MEM_TABLE -> memTable(message);
            case SET_VRING_NUM -> new FrontendRequest.SetVringNum(index(code, message), number(message));
            case SET_VRING_ADDR -> vringAddr(message);
            case SET_VRING_BASE -> new FrontendRequest.SetVringBase(index(code, message), number(message));
            case GET_VRING_BASE -> new FrontendRequest.GetVringBase(index(code, message));
            case SET_VRING_KICK -> new FrontendRequest.SetVringKick(ringOfFd(code, message), vringFd(code, message));
            case SET_VRING_CALL -> new FrontendRequest.SetVringCall(ringOfFd(code, message), vringFd(code, message));
            case SET_VRING_ERR -> new FrontendRequest.SetVringErr(ringOfFd(code, message), vringFd(code, message));
            case GET_PROTOCOL_FEATURES -> empty(code, message, new FrontendRequest.GetProtocolFeatures());
            case SET_PROTOCOL_FEATURES -> new FrontendRequest.SetProtocolFeatures(u64(code, message));
            case GET_QUEUE_NUM -> empty(code, message, new FrontendRequest.GetQueueNum());
            case SET_VRING_ENABLE -> new FrontendRequest.SetVringEnable(index(code, message), number(message));
            case SEND_RARP -> new FrontendRequest.SendRarp(u64(code, message));
            case NET_SET_MTU -> new FrontendRequest.NetSetMtu(u64(code, message));
            case SET_BACKEND_REQ_FD -> empty(code, message, new FrontendRequest.SetBackendReqFd(message.fd(0)));
            case GET_CONFIG -> config(message);
            case SET_CONFIG -> setConfig(message);
            case GET_SHARED_OBJECT -> sharedObject(message);
            case GET_SHMEM_CONFIG -> empty(code, message, new FrontendRequest.GetShmemConfig());
            case RESET_DEVICE -> empty(code, message, new FrontendRequest.ResetDevice());
            case GET_MAX_MEM_SLOTS -> empty(code, message, new FrontendRequest.GetMaxMemSlots());
            case ADD_MEM_REG -> new FrontendRequest.AddMemReg(singleRegion(code, message), message.fd(0));
            case REM_MEM_REG -> new FrontendRequest.RemMemReg(singleRegion(code, message));
            case SET_STATUS -> new FrontendRequest.SetStatus(u64(code, message));
            case GET_STATUS -> empty(code, message, new FrontendRequest.GetStatus());
            case SET_LOG_BASE -> logBase(message);
            case SET_LOG_FD -> empty(code, message, new FrontendRequest.SetLogFd(message.fd(0)));
            case IOTLB_MSG -> iotlb(message);
            case SET_VRING_ENDIAN -> new FrontendRequest.SetVringEndian(index(code, message), number(message));
            case POSTCOPY_ADVISE -> empty(code, message, new FrontendRequest.PostcopyAdvise());
            case POSTCOPY_LISTEN -> empty(code, message, new FrontendRequest.PostcopyListen());
            case POSTCOPY_END -> empty(code, message, new FrontendRequest.PostcopyEnd());
            case GET_INFLIGHT_FD -> new FrontendRequest.GetInflightFd(inflight(code, message));
            case SET_INFLIGHT_FD -> new FrontendRequest.SetInflightFd(inflight(code, message), message.fd(0));
            case VRING_KICK -> new FrontendRequest.VringKick(index(code, message), number(message));
            case SET_DEVICE_STATE_FD -> deviceState(message);
            case CHECK_DEVICE_STATE -> empty(code, message, new FrontendRequest.CheckDeviceState());
            case GET_VRING_BASE_SKIP_DRAIN -> new FrontendRequest.GetVringBaseSkipDrain(index(code, message));
            case CREATE_CRYPTO_SESSION, CLOSE_CRYPTO_SESSION, GPU_SET_SOCKET ->
                new FrontendRequest.Unsupported(message.request());
        };
    }

    private static FrontendRequest empty(RequestCode code, ReceivedMessage message, FrontendRequest request) {
        checkSize(code, message, 0);
        return request;
    }

    private static long u64(RequestCode code, ReceivedMessage message) {
        checkSize(code, message, Long.BYTES);
        return u64At(message.payload(), 0);
    }

    private static long index(RequestCode code, ReceivedMessage message) {
        checkSize(code, message, VhostUserVring.STATE_BYTES);
        return u32At(message.payload(), VhostUserVring.STATE_INDEX);
    }

    private static long number(ReceivedMessage message) {
        return u32At(message.payload(), VhostUserVring.STATE_NUM);
    }

    private static FrontendRequest vringAddr(ReceivedMessage message) {
        checkSize(RequestCode.SET_VRING_ADDR, message, VhostUserVring.ADDR_BYTES);
        MemorySegment payload = message.payload();
        long flags = u32At(payload, VhostUserVring.ADDR_FLAGS);
        if ((flags & ~VhostUserVring.ADDR_FLAG_LOG) != 0) {
            throw new ProtocolException(
                    "SET_VRING_ADDR with flags=0x" + Long.toHexString(flags) + ": only bit 0 exists");
        }
        RingAddresses addresses = new RingAddresses(
                flags,
                u64At(payload, VhostUserVring.ADDR_DESC),
                u64At(payload, VhostUserVring.ADDR_AVAIL),
                u64At(payload, VhostUserVring.ADDR_USED),
                u64At(payload, VhostUserVring.ADDR_LOG));
        return new FrontendRequest.SetVringAddr(u32At(payload, VhostUserVring.ADDR_INDEX), addresses);
    }

    private static int ringOfFd(RequestCode code, ReceivedMessage message) {
        long word = u64(code, message);
        if ((word & ~(VhostUserVring.FD_INDEX_MASK | VhostUserVring.FD_NONE)) != 0) {
            throw new ProtocolException(
                    code + " with payload 0x" + Long.toHexString(word) + ": bits 9 to 63 must be zero");
        }
        return (int) (word & VhostUserVring.FD_INDEX_MASK);
    }

    private static @Nullable ReceivedFd vringFd(RequestCode code, ReceivedMessage message) {
        boolean none = (u64At(message.payload(), 0) & VhostUserVring.FD_NONE) != 0;
        if (none != (message.fdCount() == 0)) {
            throw new ProtocolException(code + " with " + message.fdCount() + " file descriptors, but its payload says "
                    + (none ? "none" : "one"));
        }
        return none ? null : message.fd(0);
    }

    private static FrontendRequest memTable(ReceivedMessage message) {
        if (message.sizeBytes() < VhostUserMemory.TABLE_REGIONS) {
            throw wrongSize(RequestCode.SET_MEM_TABLE, message, VhostUserMemory.TABLE_REGIONS);
        }
        long count = u32At(message.payload(), VhostUserMemory.TABLE_COUNT);
        if (count > VhostUserMemory.TABLE_MAX_REGIONS) {
            throw new ProtocolException(
                    "SET_MEM_TABLE with " + count + " regions: at most " + VhostUserMemory.TABLE_MAX_REGIONS + " fit");
        }
        int regions = (int) count;
        // some front-ends send room for more regions than there are
        int needed = VhostUserMemory.TABLE_REGIONS + regions * VhostUserMemory.REGION_BYTES;
        if (message.sizeBytes() < needed || message.sizeBytes() > VhostUserMemory.TABLE_MAX_BYTES) {
            throw wrongSize(RequestCode.SET_MEM_TABLE, message, needed);
        }
        if (message.fdCount() != regions) {
            throw new ProtocolException(
                    "SET_MEM_TABLE with " + regions + " regions but " + message.fdCount() + " file descriptors");
        }
        List<RegionInfo> infos = new ArrayList<>(regions);
        List<ReceivedFd> fds = new ArrayList<>(regions);
        for (int i = 0; i < regions; i++) {
            infos.add(region(message.payload(), VhostUserMemory.TABLE_REGIONS + i * VhostUserMemory.REGION_BYTES));
            fds.add(message.fd(i));
        }
        return new FrontendRequest.SetMemTable(List.copyOf(infos), List.copyOf(fds));
    }

    /**
     * Decodes the front-end's answer to the addresses of our mappings, in post-copy: the request that it made, with a number and no
     * descriptor; some front-ends mark it as a reply.
     *
     * @return the answer, or null if the message is another one
     */
    public static FrontendRequest.@Nullable PostcopyMemoryAck memoryAck(ReceivedMessage message) {
        RequestCode code = RequestCode.of(message.request());
        boolean answer = (code == RequestCode.SET_MEM_TABLE || code == RequestCode.ADD_MEM_REG)
                && message.fdCount() == 0
                && message.sizeBytes() == Long.BYTES;
        return answer ? new FrontendRequest.PostcopyMemoryAck(u64At(message.payload(), 0)) : null;
    }

    private static FrontendRequest logBase(ReceivedMessage message) {
        checkSize(RequestCode.SET_LOG_BASE, message, VhostUserLog.BYTES);
        return new FrontendRequest.SetLogBase(
                u64At(message.payload(), VhostUserLog.SIZE),
                u64At(message.payload(), VhostUserLog.OFFSET),
                message.fd(0));
    }

    private static FrontendRequest iotlb(ReceivedMessage message) {
        checkSize(RequestCode.IOTLB_MSG, message, VhostUserIotlb.BYTES);
        MemorySegment payload = message.payload();
        return new FrontendRequest.IotlbMsg(
                u64At(payload, VhostUserIotlb.IOVA),
                u64At(payload, VhostUserIotlb.SIZE),
                u64At(payload, VhostUserIotlb.USER_ADDR),
                payload.get(ValueLayout.JAVA_BYTE, VhostUserIotlb.PERMISSION) & 0xFF,
                payload.get(ValueLayout.JAVA_BYTE, VhostUserIotlb.TYPE) & 0xFF);
    }

    /** The structure has 20 bytes; compilers of front-ends may make it 24. */
    private static FrontendRequest.InflightInfo inflight(RequestCode code, ReceivedMessage message) {
        if (message.sizeBytes() != VhostUserInflight.PADDED_BYTES) {
            checkSize(code, message, VhostUserInflight.BYTES);
        }
        MemorySegment payload = message.payload();
        return new FrontendRequest.InflightInfo(
                u64At(payload, VhostUserInflight.SIZE),
                u64At(payload, VhostUserInflight.OFFSET),
                u16At(payload, VhostUserInflight.QUEUES),
                u16At(payload, VhostUserInflight.QUEUE_SIZE));
    }

    private static FrontendRequest deviceState(ReceivedMessage message) {
        checkSize(RequestCode.SET_DEVICE_STATE_FD, message, VhostUserVring.STATE_BYTES);
        return new FrontendRequest.SetDeviceStateFd(
                u32At(message.payload(), 0), u32At(message.payload(), Integer.BYTES), message.fd(0));
    }

    private static RegionInfo singleRegion(RequestCode code, ReceivedMessage message) {
        checkSize(code, message, VhostUserMemory.SINGLE_BYTES);
        return region(message.payload(), VhostUserMemory.SINGLE_REGION);
    }

    private static RegionInfo region(MemorySegment payload, long at) {
        return new RegionInfo(
                u64At(payload, at + VhostUserMemory.REGION_GPA),
                u64At(payload, at + VhostUserMemory.REGION_SIZE),
                u64At(payload, at + VhostUserMemory.REGION_USER_ADDR),
                u64At(payload, at + VhostUserMemory.REGION_MMAP_OFFSET));
    }

    private static FrontendRequest config(ReceivedMessage message) {
        if (message.sizeBytes() < VhostUserConfig.DATA
                || message.sizeBytes() > VhostUserConfig.DATA + VhostUserConfig.MAX_DATA) {
            throw wrongSize(RequestCode.GET_CONFIG, message, VhostUserConfig.DATA);
        }
        return new FrontendRequest.GetConfig(
                u32At(message.payload(), VhostUserConfig.OFFSET),
                u32At(message.payload(), VhostUserConfig.SIZE),
                u32At(message.payload(), VhostUserConfig.FLAGS));
    }

    private static FrontendRequest setConfig(ReceivedMessage message) {
        if (message.sizeBytes() < VhostUserConfig.DATA
                || message.sizeBytes() > VhostUserConfig.DATA + VhostUserConfig.MAX_DATA) {
            throw wrongSize(RequestCode.SET_CONFIG, message, VhostUserConfig.DATA);
        }
        byte[] bytes = new byte[message.sizeBytes() - VhostUserConfig.DATA];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = message.payload().get(ValueLayout.JAVA_BYTE, VhostUserConfig.DATA + i);
        }
        return new FrontendRequest.SetConfig(
                u32At(message.payload(), VhostUserConfig.OFFSET),
                u32At(message.payload(), VhostUserConfig.SIZE),
                u32At(message.payload(), VhostUserConfig.FLAGS),
                bytes);
    }

    private static FrontendRequest sharedObject(ReceivedMessage message) {
        checkSize(RequestCode.GET_SHARED_OBJECT, message, VhostUserShmem.UUID_BYTES);
        return new FrontendRequest.GetSharedObject();
    }

    private static void checkSize(RequestCode code, ReceivedMessage message, int wanted) {
        if (message.sizeBytes() != wanted) {
            throw wrongSize(code, message, wanted);
        }
    }

    private static ProtocolException wrongSize(RequestCode code, ReceivedMessage message, int wanted) {
        return new ProtocolException(
                code + " with a payload of " + message.sizeBytes() + " bytes: must have " + wanted);
    }

    private static int u16At(MemorySegment payload, long at) {
        return Short.toUnsignedInt(payload.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
    }

    private static long u32At(MemorySegment payload, long at) {
        return Integer.toUnsignedLong(payload.get(ValueLayout.JAVA_INT_UNALIGNED, at));
    }

    private static long u64At(MemorySegment payload, long at) {
        return payload.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
    }
}
