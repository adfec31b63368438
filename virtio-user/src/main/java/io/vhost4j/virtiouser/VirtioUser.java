// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.VhostException;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A virtio-net front-end in this process: the side of a vhost-user socket that a virtual machine has otherwise. Mirrors DPDK's
 * {@code net_virtio_user} device; rings follow virtio 1.2 §2.7 and §2.8, packets §5.1.6.
 *
 * <p>Packets are not copied: the device's pool is memory that the back-end sees. A packet from elsewhere is copied into the pool when
 * it is sent.
 *
 * <p>Each queue pair has two directions, and each direction is used by one thread at a time: {@link #transmit} and {@link #reclaim} by
 * one, {@link #receive} and {@link #awaitReceive} by one. A call that meets another in the same direction, or a device without a
 * back-end, does nothing and returns 0. Bursts neither lock nor allocate.
 *
 * <p>The back-end cannot harm this process: what it writes into rings is checked. It can change the data of all packets of the pool
 * at any time. A ring in which it wrote nonsense is broken until the
 * back-end connects anew; bursts on it throw {@link VhostException} with the reason.
 */
public final class VirtioUser implements AutoCloseable {
    private final Device device;
    private final LinkKeeper link;
    private final byte[] mac;
    private final AtomicBoolean closed = new AtomicBoolean();

    VirtioUser(Device device, LinkKeeper link, byte[] mac) {
        this.device = device;
        this.link = link;
        this.mac = mac;
    }

    /** Settings of a front-end for a socket. {@code @name} is a name in the abstract namespace. */
    public static VirtioUserBuilder builder(Path socket) {
        return new VirtioUserBuilder(socket.toString());
    }

    /** Where packets to send come from, and received ones are from. */
    public PacketPool pool() {
        return device.pool();
    }

    /** Queue pairs, numbered from 0. */
    public int queuePairs() {
        return device.wish().pairs();
    }

    /** The virtio features in use, see {@link io.vhost4j.VirtioFeature}. */
    public long features() {
        return device.features();
    }

    /** Whether a back-end is connected and the rings run. */
    public boolean connected() {
        return device.running();
    }

    /** Whether the rings went on as they were when the back-end connected. */
    boolean keptRings() {
        return device.keptRings();
    }

    /** The MTU that was configured, in bytes. */
    public int mtu() {
        return device.wish().mtu();
    }

    /** The MAC address that was configured: 6 bytes, a copy. It is only kept for the application. */
    public byte[] mac() {
        return mac.clone();
    }

    /**
     * Sends packets.
     *
     * <p>Packets that were taken belong to the device, which frees them when the back-end is done with them: in a later call, in
     * {@link #reclaim}, or in {@link #close}. The caller keeps the others. With offloads in use, the packets' fields say what the
     * back-end or the receiver shall compute, as for DPDK's {@code rte_eth_tx_burst}: the checksum field then has the pseudo-header's
     * sum. A packet that needs more descriptors than the ring has is taken, freed, and counted as dropped.
     *
     * @param pair queue pair
     * @param packets packets, chained ones included
     * @param from index of the first
     * @param count how many
     * @return how many were taken, fewer if the ring is full
     * @throws VhostException if the back-end broke the ring
     */
    public int transmit(int pair, Packet[] packets, int from, int count) {
        Objects.checkFromIndexSize(from, count, packets.length);
        return device.pair(pair).transmit(packets, from, count);
    }

    /**
     * Receives packets and gives new buffers to the back-end. With offloads in use, a packet's fields say what is known of its
     * checksums and segments.
     *
     * @param pair queue pair
     * @param packets gets the packets, which are the caller's
     * @param from index of the first
     * @param count how many at most
     * @return how many there are
     * @throws VhostException if the back-end broke the ring
     */
    public int receive(int pair, @Nullable Packet[] packets, int from, int count) {
        Objects.checkFromIndexSize(from, count, packets.length);
        return device.pair(pair).receive(packets, from, count);
    }

    /**
     * Frees the sent packets that the back-end is done with. {@link #transmit} does so too when half of the ring is in use; an
     * application whose pool runs empty before that calls this.
     *
     * @param pair queue pair
     * @return how many packets are still in flight; 0 without a back-end
     * @throws VhostException if the back-end broke the ring
     */
    public int reclaim(int pair) {
        return device.pair(pair).reclaim();
    }

    /**
     * Waits until {@link #receive} may return something.
     *
     * @param pair queue pair
     * @param timeout how long at most, rounded up to milliseconds
     * @return whether there is something; false also if the time is over or there is no back-end
     * @throws IllegalStateException if the device was built without interrupts
     * @throws VhostException if the back-end broke the ring
     */
    public boolean awaitReceive(int pair, Duration timeout) {
        long millis = timeout.plusNanos(999_999).toMillis();
        return device.pair(pair).awaitReceive(Math.clamp(millis, 0, Integer.MAX_VALUE));
    }

    /** What went over a queue pair. Any thread. */
    public PortStats stats(int pair) {
        return device.pair(pair).stats();
    }

    /**
     * Stops the rings, disconnects, and frees all packets that the device has, and its pool. Waits for bursts in progress. Closing again
     * does nothing.
     *
     * @throws VhostException if the application still has packets; all but the pool is closed then, and the pool can be closed when
     *     they are freed
     */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            link.close();
            device.close();
        }
    }
}
