// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.VhostUserMemory;
import io.vhost4j.core.layout.VhostUserVring;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.protocol.RequestCode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;

/** The order of requests that brings a device up, and down again, over one connection. */
final class DeviceSetup {
    private static final long PROTOCOL_WANTED = ProtocolFeature.maskOf(
            ProtocolFeature.MQ,
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.MTU,
            ProtocolFeature.CONFIGURE_MEM_SLOTS,
            ProtocolFeature.STATUS);

    // virtio 1.2 §2.1: ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK
    private static final int STATUS_DRIVER = 1 | 2;
    private static final int STATUS_FEATURES_OK = 8;
    private static final int STATUS_DRIVER_OK = 4;
    private static final int REGIONS = 2;

    private final FrontendConnection connection;
    private final DeviceWish wish;
    private long features;
    private long protocol;

    DeviceSetup(FrontendConnection connection, DeviceWish wish) {
        this.connection = connection;
        this.wish = wish;
    }

    /** Agrees on features. Returns the virtio features in use. */
    long negotiate() {
        connection.tell(RequestCode.SET_OWNER, 0);
        long offered = connection.ask(RequestCode.GET_FEATURES);
        long missing = wish.required() & ~offered;
        if (missing != 0) {
            throw refused("it does not offer " + names(missing) + ": turn these on there, or off here");
        }
        features = offered & (wish.required() | wish.wanted() | VirtioFeature.PROTOCOL_FEATURES.mask());
        if (VirtioFeature.PROTOCOL_FEATURES.in(features)) {
            long wanted = PROTOCOL_WANTED | (wish.inflight() ? ProtocolFeature.INFLIGHT_SHMFD.mask() : 0);
            protocol = connection.ask(RequestCode.GET_PROTOCOL_FEATURES) & wanted;
            connection.tellNumber(RequestCode.SET_PROTOCOL_FEATURES, protocol);
            if (ProtocolFeature.REPLY_ACK.in(protocol)) {
                connection.acknowledgeRequests();
            }
        }
        checkQueues();
        setStatus(STATUS_DRIVER);
        connection.tellNumber(RequestCode.SET_FEATURES, features);
        setStatus(STATUS_DRIVER | STATUS_FEATURES_OK);
        if (ProtocolFeature.STATUS.in(protocol) && (connection.ask(RequestCode.GET_STATUS) & STATUS_FEATURES_OK) == 0) {
            throw refused("it does not accept the features " + names(features));
        }
        if (ProtocolFeature.MTU.in(protocol) && VirtioFeature.MTU.in(features)) {
            connection.tellNumber(RequestCode.NET_SET_MTU, wish.mtu());
        }
        return features;
    }

    private void checkQueues() {
        if (wish.pairs() == 1) {
            return;
        }
        if (!ProtocolFeature.MQ.in(protocol)) {
            throw refused("it has one queue pair, wanted are " + wish.pairs());
        }
        long offered = connection.ask(RequestCode.GET_QUEUE_NUM);
        if (offered < wish.pairs()) {
            throw refused("it has " + offered + " queue pairs, wanted are " + wish.pairs());
        }
    }

    private void setStatus(int status) {
        if (ProtocolFeature.STATUS.in(protocol)) {
            connection.tellNumber(RequestCode.SET_STATUS, status);
        }
    }

    /** Whether the back-end keeps account of what it has taken in a buffer of the front-end's. */
    boolean tracksInflight() {
        return ProtocolFeature.INFLIGHT_SHMFD.in(protocol);
    }

    /** The connection. */
    FrontendConnection connection() {
        return connection;
    }

    /** Gives the memory of packets and rings. Addresses for the device are addresses in this process. */
    void shareMemory(BufferPool pool, RingMemory rings) {
        if (!ProtocolFeature.CONFIGURE_MEM_SLOTS.in(protocol)) {
            MemorySegment table = connection.payload();
            table.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, 0);
            table.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserMemory.TABLE_COUNT, REGIONS);
            writeRegion(VhostUserMemory.TABLE_REGIONS, pool.baseAddress(), pool.lengthBytes());
            writeRegion(VhostUserMemory.TABLE_REGIONS + VhostUserMemory.REGION_BYTES, rings.address(), rings.length());
            int bytes = VhostUserMemory.TABLE_REGIONS + REGIONS * VhostUserMemory.REGION_BYTES;
            connection.tell(RequestCode.SET_MEM_TABLE, bytes, pool.file().fd(), rings.fd());
            return;
        }
        long slots = connection.ask(RequestCode.GET_MAX_MEM_SLOTS);
        if (slots < REGIONS) {
            throw refused("it takes " + slots + " memory regions, needed are " + REGIONS);
        }
        addRegion(pool.baseAddress(), pool.lengthBytes(), pool.file().fd());
        addRegion(rings.address(), rings.length(), rings.fd());
    }

    private void addRegion(long address, long length, int fd) {
        connection.payload().set(ValueLayout.JAVA_LONG_UNALIGNED, 0, 0);
        writeRegion(VhostUserMemory.SINGLE_REGION, address, length);
        connection.tell(RequestCode.ADD_MEM_REG, VhostUserMemory.SINGLE_BYTES, fd);
    }

    private void writeRegion(long offset, long address, long length) {
        MemorySegment payload = connection.payload();
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, offset + VhostUserMemory.REGION_GPA, address);
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, offset + VhostUserMemory.REGION_SIZE, length);
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, offset + VhostUserMemory.REGION_USER_ADDR, address);
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, offset + VhostUserMemory.REGION_MMAP_OFFSET, 0);
    }

    /**
     * Starts a ring.
     *
     * @param callFd what the back-end signals, or -1 if it shall not
     */
    void startRing(int ring, RingArea area, int base, int kickFd, int callFd) {
        connection.tellRing(RequestCode.SET_VRING_NUM, ring, area.size());
        connection.tellRing(RequestCode.SET_VRING_BASE, ring, base);
        MemorySegment payload = connection.payload();
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.ADDR_INDEX, ring);
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.ADDR_FLAGS, 0);
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, VhostUserVring.ADDR_DESC, area.desc());
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, VhostUserVring.ADDR_USED, area.device());
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, VhostUserVring.ADDR_AVAIL, area.driver());
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, VhostUserVring.ADDR_LOG, 0);
        connection.tell(RequestCode.SET_VRING_ADDR, VhostUserVring.ADDR_BYTES);
        if (callFd < 0) {
            connection.tellNumber(RequestCode.SET_VRING_CALL, ring | VhostUserVring.FD_NONE);
        } else {
            connection.tellNumber(RequestCode.SET_VRING_CALL, ring, callFd);
        }
        connection.tellNumber(RequestCode.SET_VRING_KICK, ring, kickFd);
    }

    /** Lets all rings run. */
    void enableRings() {
        if (VirtioFeature.PROTOCOL_FEATURES.in(features)) {
            for (int ring = 0; ring < 2 * wish.pairs(); ring++) {
                connection.tellRing(RequestCode.SET_VRING_ENABLE, ring, 1);
            }
        }
        setStatus(STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
    }

    /** Stops all rings: afterwards the back-end touches none of the memory. */
    void stopRings() {
        for (int ring = 0; ring < 2 * wish.pairs(); ring++) {
            connection.askRing(RequestCode.GET_VRING_BASE, ring);
        }
    }

    private VhostException refused(String what) {
        return new VhostException("socket " + connection.path() + ": the back-end cannot be used: " + what);
    }

    /** The features' names, and the bits of those without a name. */
    static String names(long features) {
        Set<VirtioFeature> known = VirtioFeature.setOf(features);
        long unknown = features & ~VirtioFeature.maskOf(known.toArray(VirtioFeature[]::new));
        return known + (unknown == 0 ? "" : " and bits 0x" + Long.toHexString(unknown));
    }
}
