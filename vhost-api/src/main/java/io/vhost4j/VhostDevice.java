// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import io.vhost4j.async.AsyncRings;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import io.vhost4j.vdpa.VdpaDevice;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One front-end's device; mirrors the functions of {@code rte_vhost.h} that take a {@code vid}.
 *
 * <p>Ring numbers: ring {@code 2n} is the guest's receive queue of pair n (we enqueue), ring {@code 2n+1} its transmit queue (we
 * dequeue). Burst calls on different rings may run at the same time on different threads; a burst call on a ring that another
 * thread is in returns 0. They never throw for what a guest does, never block, and return 0 while the ring is not ready.
 * Other methods may be called from any thread; those that take a ring number throw {@link IndexOutOfBoundsException} for a ring
 * that the front-end never named.
 */
public interface VhostDevice extends AsyncRings {
    /** The device's id, unique among the process's live devices. */
    int vid();

    /** The socket's path; mirrors {@code rte_vhost_get_ifname}. */
    String getIfname();

    /** The virtio features agreed on, 0 before. */
    long getNegotiatedFeatures();

    /** The protocol features agreed on, 0 before. */
    long getNegotiatedProtocolFeatures();

    /**
     * The MTU that the front-end told by NET_SET_MTU, in bytes.
     *
     * @return 68 to 65535, or 0 if it told none
     */
    int getMtu();

    /** The NUMA node that the guest's memory is on, or -1 if unknown. */
    int getNumaNode();

    /** How many rings the front-end has named so far. */
    int getVringNum();

    /** Whether burst calls move packets: between newDevice and destroyDevice. */
    boolean isRunning();

    /** The guest's memory as mapped now. */
    List<MemoryRegion> getMemTable();

    /**
     * Guest memory at a guest physical address, for control paths; mirrors {@code rte_vhost_va_from_guest_pa}. The segment is
     * valid until the front-end changes the memory table or the connection ends; using it after that throws
     * {@link IllegalStateException}.
     *
     * @throws VhostException if the range is not wholly within one region
     */
    MemorySegment vaFromGuestPa(long guestPhysAddr, long length);

    /** The set-up of a ring; mirrors {@code rte_vhost_get_vhost_vring}. */
    Vring getVhostVring(int queueId);

    /** The ring's position, as SET_VRING_BASE carries it: 16 bits for split, 32 for packed rings. */
    int getVringBase(int queueId);

    /**
     * Sets the position that the front-end is told when the ring stops, at the latest in {@link VhostDeviceOps#destroyDevice}. For
     * rings that the application serves itself.
     *
     * @param base as {@link #getVringBase}
     * @throws IllegalStateException if the library serves the rings: see {@link VhostDriver#setBuiltinVirtioNet} and
     *     {@link VdpaDevice#devClose}
     */
    void setVringBase(int queueId, int base);

    /**
     * Where a running ring is in memory, for applications that serve it themselves.
     *
     * @throws VhostException if the ring does not run
     */
    VringMemory getVringMemory(int queueId);

    /**
     * The ring's account of chains in flight; mirrors {@code rte_vhost_get_vhost_ring_inflight}. Asking for it recovers what the process
     * before left: ask once each time that the ring has started.
     *
     * @return null if the front-end gave no in-flight buffer for this ring
     * @throws IllegalStateException if the library serves the rings, and so keeps the account itself
     * @throws VhostException if the ring does not run, or the buffer is not of this ring
     */
    @Nullable
    RingInflight getVhostRingInflight(int queueId);

    /**
     * What a thread can watch to see the ring's next buffer; mirrors {@code rte_vhost_get_monitor_addr}.
     *
     * @throws VhostException if the ring does not run
     */
    PowerMonitorCondition getMonitorAddr(int queueId);

    /**
     * Marks guest memory that the application wrote itself in the dirty log, if there is one; mirrors {@code rte_vhost_log_write}.
     *
     * @param guestPhysAddr guest physical address
     * @param length bytes
     */
    void logWrite(long guestPhysAddr, long length);

    /**
     * Marks a part of a used ring that the application wrote itself, if the front-end wants that logged; mirrors
     * {@code rte_vhost_log_used_vring}.
     *
     * @param offset in the used ring (packed: in the device event suppression), in bytes
     * @param length bytes
     */
    void logUsedVring(int queueId, long offset, long length);

    /**
     * The dirty log, one bit for each 4096 bytes of guest physical memory; mirrors {@code rte_vhost_get_log_base}. Set bits
     * atomically, or by {@link #logWrite}.
     *
     * @return null if there is none or logging is off; access after it was replaced throws {@link IllegalStateException}
     */
    @Nullable
    MemorySegment getLogBase();

    /**
     * How many chains the guest has made available for receiving and we have not used, at most the ring's size; mirrors
     * {@code rte_vhost_avail_entries}. 0 for a ring that is not ready.
     */
    int availEntries(int queueId);

    /** How many chains wait to be dequeued; mirrors {@code rte_vhost_rx_queue_count}. */
    int rxQueueCount(int queueId);

    /**
     * Gives packets to the guest.
     *
     * @param queueId an even ring number
     * @param packets stays the caller's, who frees the packets, sent or not
     * @return how many of the packets, from the first, are done with: copied to the guest, or impossible to deliver (larger than the
     *     buffers can ever hold), then dropped and counted; the rest found no room
     */
    int enqueueBurst(int queueId, Packet[] packets, int from, int count);

    /**
     * Takes packets from the guest.
     *
     * @param queueId an odd ring number
     * @param pool where buffers are taken from
     * @param packets receives packets at {@code from} and up; they are the caller's to free
     * @return how many packets were stored
     */
    int dequeueBurst(int queueId, PacketPool pool, Packet[] packets, int from, int count);

    /**
     * Tells whether the guest shall notify us of buffers it makes available; polling applications leave it off, as rings start.
     *
     * @return false if the ring is not ready
     */
    boolean enableGuestNotification(int queueId, boolean enable);

    /** Notifies the guest of used buffers if it wants to be; mirrors {@code rte_vhost_vring_call}. */
    void vringCall(int queueId);

    /**
     * As {@link #vringCall}, but gives up when another thread is in the ring.
     *
     * @return false if it gave up
     */
    boolean vringCallNonblock(int queueId);

    /**
     * Holds notifications of a ring back, so that the guest takes fewer interrupts: until {@code chains} used chains wait, or the first
     * of them has waited for {@code delay}. Both are looked at in each burst call of the ring, also one that moves nothing, so keep
     * calling; {@link #vringCall} sends at once what is held back, for example before the poll thread sleeps.
     *
     * @param chains 2 to 32768 (slots, in a packed ring) to hold anything back; 0 or 1, as rings start, to notify after each burst
     * @param delay how long at most
     */
    void coalesceCalls(int queueId, int chains, Duration delay);

    /** Notifies the guest without asking whether it wants; see {@link VhostDeviceOps#guestNotify}. */
    void notifyGuest(int queueId);

    /**
     * The file descriptor that the guest's notifications arrive on, for event loops; -1 if the front-end gave none. It stays the
     * library's: it may be closed when the ring stops.
     */
    int kickFd(int queueId);

    /**
     * Sleeps until a ring has something to do: chains to take from an odd ring, room in an even one; or until its state changes, or the
     * device goes. For a thread that serves one ring; {@link QueueWaiter} is for several, and knows when to spin instead. One thread at a
     * time for each ring.
     *
     * @param timeout how long at most, rounded up to whole milliseconds
     * @return false if the time was over
     */
    boolean awaitQueue(int queueId, Duration timeout);

    /**
     * The file descriptor that the guest is notified by, for devices that do so themselves; -1 if the front-end gave none. It stays
     * the library's: it may be closed when the ring stops.
     */
    int callFd(int queueId);

    /** The vDPA device that serves the rings now; null if burst calls do. */
    @Nullable
    VdpaDevice getVdpaDevice();

    /**
     * Has the guest ring the vDPA device's doorbell of a ring itself, or no more; mirrors {@code rte_vhost_host_notifier_ctrl}. Needs the
     * protocol feature HOST_NOTIFIER and a {@link VdpaDevice#getNotifyArea}. Until the future has completed, and if it fails, the guest's
     * notifications arrive on {@link #kickFd}.
     *
     * @return completes when the front-end has done it, exceptionally if it cannot be
     */
    CompletableFuture<Void> hostNotifierCtrl(int queueId, boolean enable);

    /** Requests to the front-end. */
    BackendRequests backendRequests();

    /**
     * Has {@code ops} handle messages of the front-end; mirrors {@code rte_vhost_extern_callback_register}. Best called from
     * {@link VhostDeviceOps#newConnection}, before any message was handled.
     *
     * @param ops null for none
     */
    void externCallbackRegister(@Nullable ExternMessageOps ops);

    /**
     * Tells the front-end that the configuration space changed, without waiting for its answer.
     *
     * @return false if the front-end takes no such message
     */
    boolean backendConfigChange();

    /** Names of a ring's statistics, in the order of {@link #vringStatsGet}; DPDK's names, such as {@code rx_q0_good_packets}. */
    List<String> vringStatsGetNames(int queueId);

    /**
     * Reads a ring's statistics.
     *
     * @param values receives them, up to its length
     * @return how many were stored; 0 without {@link DriverFlag#NET_STATS_ENABLE}
     */
    int vringStatsGet(int queueId, long[] values);

    /** Sets a ring's statistics to 0. Packets counted at the same moment may be lost from the count. */
    void vringStatsReset(int queueId);

    /** Keeps an object of the application with the device. */
    void attach(@Nullable Object attachment);

    /** What {@link #attach} kept. */
    @Nullable
    Object attachment();
}
