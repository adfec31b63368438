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
import io.vhost4j.core.linux.Numa;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.ring.ChainDevice;
import io.vhost4j.core.ring.ChainWork;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A session's device as the application sees it. */
final class DeviceImpl implements VhostDevice, ChainDevice {
    private final int vid;
    private final VhostSession session;
    private volatile @Nullable Object attachment;

    DeviceImpl(int vid, VhostSession session) {
        this.vid = vid;
        this.session = session;
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
        return session.rings().count();
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
        requireServedHere("setVringBase");
        queue(queueId).setBase(base);
    }

    @Override
    public VringMemory getVringMemory(int queueId) {
        Requests parts = session.requests();
        return RingViews.areas(session.rings().existing(queueId), parts.memory, parts.log);
    }

    @Override
    public @Nullable RingInflight getVhostRingInflight(int queueId) {
        requireServedHere("getVhostRingInflight");
        return ServedAccount.of(session.rings().existing(queueId), session.requests().inflight);
    }

    @Override
    public PowerMonitorCondition getMonitorAddr(int queueId) {
        return RingViews.monitor(session.rings().existing(queueId), session.memory());
    }

    @Override
    public void logWrite(long guestPhysAddr, long length) {
        session.requests().log.write(guestPhysAddr, length);
    }

    @Override
    public void logUsedVring(int queueId, long offset, long length) {
        RingState ring = session.rings().existing(queueId);
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
        NetQueue queue = session.rings().queueOrNull(queueId);
        return queue == null ? 0 : queue.enqueueBurst(packets, from, count);
    }

    @Override
    public int dequeueBurst(int queueId, PacketPool pool, Packet[] packets, int from, int count) {
        if ((queueId & 1) == 0) {
            throw new IllegalArgumentException(
                    "queueId=" + queueId + ": dequeue takes from odd rings, the guest's transmit queues");
        }
        NetQueue queue = session.rings().queueOrNull(queueId);
        return queue == null ? 0 : queue.dequeueBurst(pool, packets, from, count);
    }

    @Override
    public boolean servesChains() {
        return session.config().kind() == DeviceKind.CHAINS;
    }

    @Override
    public int serve(int queueId, ChainWork work, boolean notify) {
        NetQueue queue = session.rings().queueOrNull(queueId);
        return queue == null ? 0 : queue.serve(work, notify);
    }

    @Override
    public boolean enableGuestNotification(int queueId, boolean enable) {
        return queue(queueId).enableNotification(enable);
    }

    @Override
    public void vringCall(int queueId) {
        queue(queueId).vringCall();
    }

    @Override
    public boolean vringCallNonblock(int queueId) {
        return queue(queueId).tryVringCall();
    }

    @Override
    public void notifyGuest(int queueId) {
        queue(queueId).notifyGuest();
    }

    @Override
    public int kickFd(int queueId) {
        return session.rings().existing(queueId).kickFd();
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

    private NetQueue queue(int queueId) {
        return session.rings().existing(queueId).queue;
    }
}
