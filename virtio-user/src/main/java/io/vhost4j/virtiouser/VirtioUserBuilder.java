// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.ConfigurationException;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.packet.PacketPool;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Settings of a {@link VirtioUser}. Features that the back-end does not offer are left out, but for {@link #packed}. */
public final class VirtioUserBuilder {
    private static final int MAX_SIZE = 32768;
    private static final int MAC_BYTES = 6;
    private static final int CLIENT_MTU = 1500;
    private static final int SPARE = 2048;

    private final String path;
    private boolean server;
    private @Nullable Boolean reconnect;
    private int queuePairs = 1;
    private int queueSize = 256;
    private boolean packed;
    private boolean mergeable = true;
    private boolean inOrder;
    private boolean indirect;
    private boolean eventIdx;
    private boolean offloads;
    private boolean interrupts;
    private boolean inflight = true;
    private boolean hugePages;
    private byte @Nullable [] mac;
    private int mtu;
    private int bufferCount;
    private int bufferSize = 2048;
    private Duration connectTimeout = Duration.ofSeconds(10);

    VirtioUserBuilder(String path) {
        this.path = path;
    }

    /** Listens at the socket, and back-ends connect; default false: connects to a back-end that listens. */
    public VirtioUserBuilder server(boolean value) {
        server = value;
        return this;
    }

    /**
     * Whether a connection that ended is followed by another, over which the device goes on with what is in flight; default: in the
     * server role only.
     */
    public VirtioUserBuilder reconnect(boolean value) {
        reconnect = value;
        return this;
    }

    /** Queue pairs, 1 to 128; default 1. */
    public VirtioUserBuilder queuePairs(int value) {
        queuePairs = check("queuePairs", value, 1, 128);
        return this;
    }

    /** Descriptors of each ring, 1 to 32768, a power of two unless {@link #packed}; default 256. */
    public VirtioUserBuilder queueSize(int value) {
        queueSize = check("queueSize", value, 1, MAX_SIZE);
        return this;
    }

    /** Packed rings; a back-end without them is refused. Default false: split rings. */
    public VirtioUserBuilder packed(boolean value) {
        packed = value;
        return this;
    }

    /**
     * Lets the back-end spread a received packet over several buffers; default true. Without it, {@link #bufferSize} must hold the
     * largest packet.
     */
    public VirtioUserBuilder mergeable(boolean value) {
        mergeable = value;
        return this;
    }

    /** The back-end uses buffers in the order in which it gets them; default false. */
    public VirtioUserBuilder inOrder(boolean value) {
        inOrder = value;
        return this;
    }

    /** Chained packets are sent by tables that take one descriptor of the ring; default false. */
    public VirtioUserBuilder indirect(boolean value) {
        indirect = value;
        return this;
    }

    /** Notifications are suppressed by event indices; default false: by flags. */
    public VirtioUserBuilder eventIdx(boolean value) {
        eventIdx = value;
        return this;
    }

    /** Checksums and segmentation may be left to the other side, in both directions; default false. */
    public VirtioUserBuilder offloads(boolean value) {
        offloads = value;
        return this;
    }

    /** The back-end calls when it has used receive buffers, see {@link VirtioUser#awaitReceive}; default false: polling. */
    public VirtioUserBuilder interrupts(boolean value) {
        interrupts = value;
        return this;
    }

    /**
     * Keeps a buffer in which the back-end notes what it has taken, if it can; default true. If the back-end dies, the rings stay as they
     * are, and the next one finds in the buffer where to go on. Without it, what is in flight is put into empty rings again.
     */
    public VirtioUserBuilder inflight(boolean value) {
        inflight = value;
        return this;
    }

    /** Takes the packets' memory from huge pages; default false. */
    public VirtioUserBuilder hugePages(boolean value) {
        hugePages = value;
        return this;
    }

    /** The MAC address, 6 bytes; default: a random one, locally administered. */
    public VirtioUserBuilder mac(byte[] value) {
        if (value.length != MAC_BYTES || (value[0] & 1) != 0) {
            throw new ConfigurationException("mac=" + HexFormat.ofDelimiter(":").formatHex(value)
                    + ": must be 6 bytes, and not a multicast address");
        }
        mac = value.clone();
        return this;
    }

    /** The MAC address in the form {@code 02:00:00:00:00:01}. */
    public VirtioUserBuilder mac(String value) {
        try {
            return mac(HexFormat.ofDelimiter(":").parseHex(value));
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException("mac=" + value + ": must look like 02:00:00:00:00:01", e);
        }
    }

    /** The MTU that the back-end is told, 68 to 65535 bytes; default: none is told, and 1500 is assumed. */
    public VirtioUserBuilder mtu(int value) {
        mtu = check("mtu", value, 68, 65535);
        return this;
    }

    /** Buffers of the pool, at least twice {@link #queueSize} for each queue pair; default: 2048 more than that. */
    public VirtioUserBuilder bufferCount(int value) {
        bufferCount = check("bufferCount", value, 1, 1 << 24);
        return this;
    }

    /** Bytes for data in each buffer, 64 to 1048576; default 2048. */
    public VirtioUserBuilder bufferSize(int value) {
        bufferSize = check("bufferSize", value, 64, 1 << 20);
        return this;
    }

    /** How long to wait for the first connection, and for each of the back-end's answers; default 10 s. */
    public VirtioUserBuilder connectTimeout(Duration value) {
        if (value.isNegative() || value.isZero() || value.compareTo(Duration.ofDays(1)) > 0) {
            throw new ConfigurationException("connectTimeout=" + value + ": must be more than 0 and at most one day");
        }
        connectTimeout = value;
        return this;
    }

    /**
     * Connects and brings the device up.
     *
     * @return the device; its rings run
     * @throws ConfigurationException if the settings do not fit each other, or there is not enough memory
     * @throws VhostException if no back-end comes in time, or it cannot be used
     */
    public VirtioUser connect() {
        if (!packed && Integer.bitCount(queueSize) != 1) {
            throw new ConfigurationException("queueSize=" + queueSize + ": must be a power of two for split rings");
        }
        int needed = queuePairs * queueSize * 2;
        if (bufferCount != 0 && bufferCount < needed) {
            throw new ConfigurationException("bufferCount=" + bufferCount + ": must be at least " + needed + ", for "
                    + queuePairs + " queue pairs with rings of " + queueSize);
        }
        BufferPool pool = new BufferPool(PacketPool.builder()
                .count(bufferCount != 0 ? bufferCount : needed + SPARE)
                .dataRoom(bufferSize)
                .hugePages(hugePages)
                .shared(true));
        DeviceWish wish = new DeviceWish(
                queuePairs, queueSize, packed, interrupts, required(), wanted(), mtu != 0 ? mtu : CLIENT_MTU, inflight);
        return connect(wish, pool);
    }

    private VirtioUser connect(DeviceWish wish, BufferPool pool) {
        Device device;
        try {
            device = new Device(wish, pool);
        } catch (RuntimeException e) {
            pool.close();
            throw e;
        }
        try {
            boolean again = reconnect != null ? reconnect : server;
            Endpoint endpoint = new Endpoint(path, server, again, (int) Math.max(1, connectTimeout.toMillis()));
            LinkKeeper link = new LinkKeeper(endpoint, device);
            link.start();
            return new VirtioUser(device, link, mac != null ? mac : randomMac());
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    private long required() {
        return VirtioFeature.VERSION_1.mask() | (packed ? VirtioFeature.RING_PACKED.mask() : 0);
    }

    private long wanted() {
        long mask = 0;
        mask |= mergeable ? VirtioFeature.MRG_RXBUF.mask() : 0;
        mask |= inOrder ? VirtioFeature.IN_ORDER.mask() : 0;
        mask |= indirect ? VirtioFeature.RING_INDIRECT_DESC.mask() : 0;
        mask |= eventIdx ? VirtioFeature.RING_EVENT_IDX.mask() : 0;
        mask |= queuePairs > 1 ? VirtioFeature.MQ.mask() : 0;
        mask |= mtu != 0 ? VirtioFeature.MTU.mask() : 0;
        return offloads ? mask | offloadFeatures() : mask;
    }

    private long offloadFeatures() {
        long mask = VirtioFeature.maskOf(
                VirtioFeature.CSUM,
                VirtioFeature.GUEST_CSUM,
                VirtioFeature.HOST_TSO4,
                VirtioFeature.HOST_TSO6,
                VirtioFeature.HOST_UFO);
        // a packet to be cut has up to 64 KB: only several buffers, or large ones, can hold it
        if (mergeable || bufferSize > 65535) {
            mask |= VirtioFeature.maskOf(VirtioFeature.GUEST_TSO4, VirtioFeature.GUEST_TSO6, VirtioFeature.GUEST_UFO);
        }
        return mask;
    }

    private static byte[] randomMac() {
        byte[] bytes = new byte[MAC_BYTES];
        ThreadLocalRandom.current().nextBytes(bytes);
        bytes[0] = 2;
        return bytes;
    }

    private static int check(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new ConfigurationException(name + "=" + value + ": must be " + min + " to " + max);
        }
        return value;
    }
}
