// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.BackendRequests;
import io.vhost4j.ExternMessageOps;
import io.vhost4j.MemoryRegion;
import io.vhost4j.PowerMonitorCondition;
import io.vhost4j.RingInflight;
import io.vhost4j.VhostDevice;
import io.vhost4j.Vring;
import io.vhost4j.VringMemory;
import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.core.linux.Numa;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.memory.GuestAccess;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.ring.ChainDevice;
import io.vhost4j.core.ring.ChainWork;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import io.vhost4j.vdpa.VdpaDevice;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A session's device as the application sees it. */
final class DeviceImpl implements VhostDevice, ChainDevice, GuestAccess {
    private final int vid;
    private final VhostSession session;
    /** The session's, once it was asked for: polls are to find their queue in few steps. */
    private volatile @Nullable RingTable rings;

    private volatile @Nullable Object attachment;

    DeviceImpl(int vid, VhostSession session) {
        this.vid = vid;
        this.session = session;
    }

    private RingTable rings() {
        RingTable known = rings;
        if (known == null) {
            known = session.rings();
            rings = known;
        }
        return known;
    }

    @Override
    public int vid() {
        return vid;
    }

    @Override
    public String getIfname() {
        return session.config().ifname();
    }

    @Override
    public long getNegotiatedFeatures() {
        return session.agreed().features();
    }

    @Override
    public long getNegotiatedProtocolFeatures() {
        return session.agreed().protocolFeatures();
    }

    @Override
    public int getMtu() {
        return session.agreed().mtu();
    }

    @Override
    public int getNumaNode() {
        List<GuestRegion> regions = session.memory().memory().regions();
        return regions.isEmpty()
                ? -1
                : Math.max(-1, Numa.tryNodeOf(regions.getFirst().hostAddress()));
    }

    @Override
    public int getVringNum() {
        return rings().count();
    }

    @Override
    public boolean isRunning() {
        return session.lifecycle().running();
    }

    @Override
    public List<MemoryRegion> getMemTable() {
        return session.memory().table();
    }

    @Override
    public MemorySegment vaFromGuestPa(long guestPhysAddr, long length) {
        return session.memory().memory().segment(guestPhysAddr, length);
    }

    @Override
    public Vring getVhostVring(int queueId) {
        NetQueue queue = queue(queueId);
        return new Vring(
                queueId, queue.size(), session.agreed().packed(), queue.started(), queue.enabled(), queue.broken());
    }

    @Override
    public int getVringBase(int queueId) {
        return queue(queueId).base();
    }

    @Override
    public void setVringBase(int queueId, int base) {
        if (!session.requests().vdpa.wanted()) {
            requireServedHere("setVringBase");
        }
        queue(queueId).setBase(base);
    }

    @Override
    public VringMemory getVringMemory(int queueId) {
        Requests parts = session.requests();
        return RingViews.areas(ring(queueId), parts.memory, parts.log);
    }

    @Override
    public @Nullable RingInflight getVhostRingInflight(int queueId) {
        requireServedHere("getVhostRingInflight");
        return ServedAccount.of(ring(queueId), session.requests().inflight);
    }

    @Override
    public PowerMonitorCondition getMonitorAddr(int queueId) {
        return RingViews.monitor(ring(queueId), session.memory());
    }

    @Override
    public void logWrite(long guestPhysAddr, long length) {
        session.requests().log.write(guestPhysAddr, length);
    }

    @Override
    public void logUsedVring(int queueId, long offset, long length) {
        RingState ring = ring(queueId);
        LogControl log = session.requests().log;
        if (log.log() != null && offset >= 0) {
            long gpa = ring.whileRunning(setup -> log.usedGpa(ring));
            if (gpa != -1) {
                log.write(gpa + offset, length);
            }
        }
    }

    @Override
    public @Nullable MemorySegment getLogBase() {
        return session.requests().log.bits();
    }

    @Override
    public BackendRequests backendRequests() {
        return new ChannelRequests(session, session.loop());
    }

    @Override
    public void externCallbackRegister(@Nullable ExternMessageOps ops) {
        session.requests().extern.register(ops);
    }

    private void requireServedHere(String method) {
        if (session.config().kind().servedHere()) {
            throw new IllegalStateException(
                    method + ": the library serves the rings of this device; see" + " VhostDriver.setBuiltinVirtioNet");
        }
    }

    @Override
    public int availEntries(int queueId) {
        return queue(queueId).availEntries();
    }

    @Override
    public int rxQueueCount(int queueId) {
        return queue(queueId).rxQueueCount();
    }

    @Override
    public int enqueueBurst(int queueId, Packet[] packets, int from, int count) {
        if ((queueId & 1) != 0) {
            throw new IllegalArgumentException(
                    "queueId=" + queueId + ": enqueue goes to even rings, the guest's receive queues");
        }
        NetQueue queue = rings().queueOrNull(queueId);
        return queue == null ? 0 : queue.enqueueBurst(packets, from, count);
    }

    @Override
    public int dequeueBurst(int queueId, PacketPool pool, Packet[] packets, int from, int count) {
        if ((queueId & 1) == 0) {
            throw new IllegalArgumentException(
                    "queueId=" + queueId + ": dequeue takes from odd rings, the guest's transmit queues");
        }
        NetQueue queue = rings().queueOrNull(queueId);
        return queue == null ? 0 : queue.dequeueBurst(pool, packets, from, count);
    }

    @Override
    public void asyncChannelRegister(int queueId, AsyncFeatures features, DmaChannel channel) {
        if (!session.config().asyncCopy()) {
            throw new IllegalStateException(
                    "asyncChannelRegister: register the driver with DriverFlag.ASYNC_COPY first");
        }
        queue(queueId).async().register(features, channel);
    }

    @Override
    public boolean asyncChannelUnregister(int queueId) {
        return queue(queueId).async().unregister();
    }

    @Override
    public int submitEnqueueBurst(int queueId, Packet[] packets, int from, int count, CompletedPackets completed) {
        if ((queueId & 1) != 0) {
            throw new IllegalArgumentException(
                    "queueId=" + queueId + ": enqueue goes to even rings, the guest's receive queues");
        }
        NetQueue queue = rings().queueOrNull(queueId);
        return queue == null ? 0 : queue.async().submit(packets, from, count, completed);
    }

    @Override
    public int pollEnqueueCompleted(int queueId, CompletedPackets completed) {
        NetQueue queue = rings().queueOrNull(queueId);
        return queue == null ? 0 : queue.async().poll(completed);
    }

    @Override
    public int asyncTryDequeueBurst(int queueId, PacketPool pool, Packet[] packets, int from, int count) {
        if ((queueId & 1) == 0) {
            throw new IllegalArgumentException(
                    "queueId=" + queueId + ": dequeue takes from odd rings, the guest's transmit queues");
        }
        NetQueue queue = rings().queueOrNull(queueId);
        return queue == null ? 0 : queue.async().tryDequeue(pool, packets, from, count);
    }

    @Override
    public int asyncGetInflight(int queueId) {
        return queue(queueId).async().inflight();
    }

    @Override
    public int clearQueue(int queueId, CompletedPackets completed) {
        return queue(queueId).async().clear(completed);
    }

    @Override
    public boolean servesChains() {
        return session.config().kind() == DeviceKind.CHAINS;
    }

    @Override
    public int serve(int queueId, ChainWork work, boolean notify) {
        NetQueue queue = rings().queueOrNull(queueId);
        return queue == null ? 0 : queue.serve(work, notify);
    }

    @Override
    public boolean enableGuestNotification(int queueId, boolean enable) {
        return queue(queueId).enableNotification(enable);
    }

    @Override
    public void vringCall(int queueId) {
        queue(queueId).calls().vringCall();
    }

    @Override
    public boolean vringCallNonblock(int queueId) {
        return queue(queueId).calls().tryVringCall();
    }

    @Override
    public void coalesceCalls(int queueId, int chains, Duration delay) {
        if (chains < 0 || chains > RingPlacement.MAX_SIZE || delay.isNegative()) {
            throw new IllegalArgumentException("chains=" + chains + ", delay=" + delay + ": must be 0 to "
                    + RingPlacement.MAX_SIZE + " chains, and not negative");
        }
        queue(queueId).calls().coalesce(chains, delay.toNanos());
    }

    @Override
    public void notifyGuest(int queueId) {
        queue(queueId).calls().notifyGuest();
    }

    @Override
    public int kickFd(int queueId) {
        return ring(queueId).kick.fd();
    }

    @Override
    public boolean awaitQueue(int queueId, Duration timeout) {
        return ring(queueId).await(timeout);
    }

    @Override
    public int callFd(int queueId) {
        return rings().existing(queueId).callFd();
    }

    @Override
    public @Nullable VdpaDevice getVdpaDevice() {
        return session.requests().vdpa.target();
    }

    @Override
    public CompletableFuture<Void> hostNotifierCtrl(int queueId, boolean enable) {
        return HostNotifiers.control(this, queueId, enable);
    }

    @Override
    public GuestMemory guestMemory() {
        return session.memory().memory();
    }

    @Override
    public @Nullable DirtyLog dirtyLog() {
        return session.requests().log.log();
    }

    @Override
    public boolean backendConfigChange() {
        return session.requestConfigChange();
    }

    @Override
    public List<String> vringStatsGetNames(int queueId) {
        return queue(queueId).statNames();
    }

    @Override
    public int vringStatsGet(int queueId, long[] values) {
        return queue(queueId).stats(values);
    }

    @Override
    public void vringStatsReset(int queueId) {
        queue(queueId).resetStats();
    }

    @Override
    public void attach(@Nullable Object object) {
        attachment = object;
    }

    @Override
    public @Nullable Object attachment() {
        return attachment;
    }

    @Override
    public String toString() {
        return "vid=" + vid + " at " + getIfname();
    }

    /** The ring with this number. */
    RingState ring(int queueId) {
        return rings().existing(queueId);
    }

    private NetQueue queue(int queueId) {
        return ring(queueId).queue;
    }
}
