// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.memory.Iotlb;
import io.vhost4j.core.net.QueueStats.Counter;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.ring.ChainWork;
import io.vhost4j.core.ring.Ring;
import io.vhost4j.core.ring.RingFault;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One ring of a network device: even numbers are the guest's receive queues, odd ones its transmit queues. Or a ring of another
 * device, which {@link #serve} lets a module of the library work in; burst calls then move nothing.
 *
 * <p>Bursts run on any thread, one at a time. The event thread changes the queue between {@link #pause} and {@link #resume};
 * methods that say so may be called only there.
 */
public final class NetQueue {
    private final int index;
    private final QueueListener listener;
    private final NetOptions options;
    private final boolean chains;
    private final QueueGate gate = new QueueGate();
    private final QueueStats stats = new QueueStats();
    private final GuestNotifier notifier;
    private final FaultReport faults = new FaultReport();
    private final Backlog backlog = new Backlog();
    private final AsyncQueue async;
    private final GuestCalls calls;

    // written between pause and resume; read by bursts inside the gate
    private @Nullable Ring ring;
    private @Nullable Enqueuer enqueuer;
    private @Nullable Dequeuer dequeuer;
    private volatile boolean wantsNotification;
    /** Whether {@link #faults} may have something to report: polls need not look there. */
    private volatile boolean hasNews;

    private int lastBase;
    /** Whether {@link #lastBase} is the position also of a running ring. */
    private volatile boolean servedElsewhere;

    // read by any thread
    private volatile boolean started;
    private volatile boolean enabled;
    private volatile boolean active;
    private volatile boolean broken;
    private volatile int size;

    /** A queue of a network device, without a ring. */
    public NetQueue(int index, QueueListener listener, NetOptions options) {
        this(index, listener, options, false);
    }

    /**
     * A queue without a ring.
     *
     * @param chains whether it is served by {@link #serve}, and each chain may have buffers to read and to write
     */
    public NetQueue(int index, QueueListener listener, NetOptions options, boolean chains) {
        this.index = index;
        this.listener = listener;
        notifier = new GuestNotifier(index, listener, stats);
        calls = new GuestCalls(this, gate, notifier);
        this.options = options;
        this.chains = chains;
        async = new AsyncQueue(this, gate, stats, options, why -> listener.channelFailed(index, why));
    }

    /** The part that works by a DMA channel. */
    public AsyncQueue async() {
        return async;
    }

    /** Waits until a burst in progress has left, and keeps bursts out. Not to be nested. */
    public void pause() {
        gate.close();
    }

    /** Lets bursts in again. */
    public void resume() {
        gate.open();
    }

    /** Starts a ring whose descriptors have guest physical addresses. While paused. */
    public void start(RingSetup setup, GuestMemory memory) {
        start(setup, memory, null);
    }

    /**
     * Starts the ring. While paused.
     *
     * @param iotlb null if descriptors have guest physical addresses
     */
    public void start(RingSetup setup, GuestMemory memory, @Nullable Iotlb iotlb) {
        long features = setup.features();
        boolean mergeable = VirtioFeature.MRG_RXBUF.in(features);
        boolean modern = mergeable || VirtioFeature.VERSION_1.in(features) || VirtioFeature.RING_PACKED.in(features);
        int headerBytes = modern ? NetHeader.BYTES : NetHeader.LEGACY_BYTES;
        int direction = isReceive() ? DescFlags.WRITE : 0;
        Ring made = Ring.create(setup, memory, iotlb, chains ? Ring.EITHER : direction);
        if (isReceive() && !chains) {
            enqueuer = new Enqueuer(made, headerBytes, mergeable, features, options, stats);
        } else if (!chains) {
            dequeuer = new Dequeuer(made, headerBytes, features, options, stats);
        }
        if (wantsNotification) {
            made.enableNotification(true);
        }
        backlog.start(enabled);
        HostWindow.settle();
        if (!chains) {
            async.started(made, new NetLayout(headerBytes, mergeable, features), memory);
        }
        ring = made;
        size = setup.size();
        lastBase = made.base();
        servedElsewhere = false;
        broken = false;
        started = true;
    }

    /**
     * Has the ring keep account of chains in flight, and go on where the process before was. While paused, right after {@link #start}.
     *
     * @param inflight host address of the ring's part of the in-flight buffer, {@code InflightLayout.queueBytes} long
     * @return how many chains were taken and not given back
     */
    public int track(long inflight) {
        Ring now = Objects.requireNonNull(ring);
        now.track(inflight);
        if (wantsNotification) {
            // for the position that it goes on from
            now.enableNotification(true);
        }
        HostWindow.settle();
        lastBase = now.base();
        return now.recovered();
    }

    /**
     * Has the next burst give back what the guest has sent so far, and discard it; unless the ring was never served, or is a receive
     * queue. While paused, after {@link #start} and {@link #track}.
     *
     * @param unserved the position of a ring that was never served
     */
    public void discardOutstanding(int unserved) {
        if (!isReceive() && !chains && Objects.requireNonNull(ring).base() != unserved) {
            backlog.discardAll();
        }
    }

    /**
     * Stops the ring. While paused.
     *
     * @return its position, as SET_VRING_BASE takes it
     */
    public int stop() {
        async.stops();
        lastBase = position();
        ring = null;
        enqueuer = null;
        dequeuer = null;
        started = false;
        size = 0;
        return lastBase;
    }

    /**
     * Goes on behind the last chain that was given back, wherever it was started; see {@link Ring#resumeAtUsed}. While paused.
     *
     * @return the position
     */
    public int resumeAtUsed() {
        Ring now = Objects.requireNonNull(ring);
        now.resumeAtUsed();
        HostWindow.settle();
        return now.base();
    }

    /** Goes on with the same ring at other addresses, after the memory table changed. While paused. */
    public void remap(GuestMemory memory, long desc, long driver, long device) {
        async.moves(memory);
        Objects.requireNonNull(ring).remap(memory, desc, driver, device);
    }

    /**
     * Starts or ends logging of writes to guest memory. While paused, with a ring.
     *
     * @param log null to end
     * @param usedGpa where the log wants the used ring to be, or -1 for where it is
     * @param signal what is signalled after logging, or null; the caller owns it
     */
    public void setLog(@Nullable DirtyLog log, long usedGpa, @Nullable EventFd signal) {
        Objects.requireNonNull(ring).setLog(log, usedGpa);
        HostWindow.settle();
        notifier.setLogSignal(log == null ? null : signal);
    }

    /** Sets what notifies the guest, null for a guest that polls. While paused; the caller owns it. */
    public void setCall(@Nullable EventFd fd) {
        notifier.setCall(fd);
    }

    /** Has the guest be notified by {@link QueueListener#callByMessage} while there is no descriptor. While paused. */
    public void setCallByMessage(boolean value) {
        notifier.setCallByMessage(value);
    }

    /** Sets what tells the front-end of a broken ring. While paused; the caller owns it. */
    public void setErr(@Nullable EventFd fd) {
        faults.setErr(fd);
    }

    /** Whether the front-end wants packets moved. While paused. */
    public void setEnabled(boolean value) {
        enabled = value;
        backlog.setEnabled(value);
    }

    /** Whether the device is between newDevice and destroyDevice. While paused. */
    public void setActive(boolean value) {
        active = value;
    }

    /** Whether there is a ring. */
    public boolean started() {
        return started;
    }

    /** Whether the front-end enabled the ring. */
    public boolean enabled() {
        return enabled;
    }

    /** Whether bursts move packets. */
    public boolean active() {
        return active;
    }

    /** Whether the ring was stopped because of what the guest wrote. */
    public boolean broken() {
        return broken;
    }

    /** Descriptors, 0 without a ring. */
    public int size() {
        return size;
    }

    /** Sets the position of a ring that is served by somebody else. Not while paused. */
    public void setBase(int base) {
        pause();
        try {
            lastBase = base;
            servedElsewhere = true;
        } finally {
            resume();
        }
    }

    /** Whether {@link #setBase} was called since the ring started. */
    public boolean servedElsewhere() {
        return servedElsewhere;
    }

    /** Has the guest notify whoever serves the ring from now on. Not while paused. */
    public void askForNotification() {
        boolean wanted = wantsNotification;
        enableNotification(true);
        wantsNotification = wanted;
    }

    /** As {@link #base}, while paused. */
    public int position() {
        return ring == null || servedElsewhere ? lastBase : ring.base();
    }

    /** The position: of the ring, or where it stopped. Not while paused. */
    public int base() {
        pause();
        try {
            return position();
        } finally {
            resume();
        }
    }

    /** Delivers a RARP frame for {@code mac} (first byte lowest) as the next packet dequeued. */
    public void injectRarp(long mac) {
        backlog.injectRarp(mac);
    }

    boolean isReceive() {
        return (index & 1) == 0;
    }

    private boolean enter() {
        if (!gate.tryEnter()) {
            return false;
        }
        if (mayMove()) {
            return true;
        }
        gate.leave();
        return false;
    }

    /** Whether bursts move anything. Inside the gate. */
    boolean mayMove() {
        return active && started && !broken;
    }

    /** See {@link io.vhost4j.VhostDevice#enqueueBurst}. */
    public int enqueueBurst(Packet[] packets, int from, int count) {
        Objects.checkFromIndexSize(from, count, packets.length);
        if (!enter()) {
            return 0;
        }
        int done = 0;
        Notice notice = Notice.NONE;
        try {
            Enqueuer to = enqueuer;
            if (to != null && enabled && async.isIdle()) {
                done = to.burst(packets, from, count);
                notice = finish(Objects.requireNonNull(ring), true);
            }
            HostWindow.settle();
        } catch (InternalError e) {
            done = 0;
            memoryGone();
        } finally {
            gate.leave();
        }
        afterBurst(notice);
        return done;
    }

    /** See {@link io.vhost4j.VhostDevice#dequeueBurst}. */
    public int dequeueBurst(PacketPool pool, Packet[] packets, int from, int count) {
        Objects.checkFromIndexSize(from, count, packets.length);
        if (!enter()) {
            return 0;
        }
        int injected = 0;
        int taken = 0;
        Notice notice = Notice.NONE;
        try {
            Dequeuer source = dequeuer;
            if (source != null && count > 0 && async.isIdle()) {
                injected = takeRarp(pool, packets, from);
                int wanted = mayTake(count, true) ? count - injected : 0;
                taken = source.burst((BufferPool) pool, packets, from + injected, wanted);
                notice = finish(Objects.requireNonNull(ring), true);
            }
            HostWindow.settle();
            if (source != null) {
                source.handOver();
            }
        } catch (InternalError e) {
            abandon(pool, packets);
            taken = 0;
            memoryGone();
        } finally {
            gate.leave();
        }
        afterBurst(notice);
        return injected + taken;
    }

    /** See {@link io.vhost4j.core.ring.ChainDevice#serve}. */
    public int serve(ChainWork work, boolean notify) {
        if (!enter()) {
            return 0;
        }
        int done = 0;
        Notice notice = Notice.NONE;
        try {
            Ring now = ring;
            if (now != null && chains && enabled) {
                done = work.run(now);
                notice = finish(now, notify);
            }
            HostWindow.settle();
        } catch (InternalError e) {
            done = 0;
            memoryGone();
        } finally {
            gate.leave();
        }
        afterBurst(notice);
        return done;
    }

    /** A frame that is to come before those of the ring. Inside the gate. */
    int takeRarp(PacketPool pool, Packet[] packets, int at) {
        return enabled ? backlog.takeRarp(pool, packets, at) : 0;
    }

    /** See {@link Backlog#mayTake}. */
    boolean mayTake(int count, boolean idle) {
        return backlog.mayTake(Objects.requireNonNull(ring), Objects.requireNonNull(dequeuer), count, enabled, idle);
    }

    private void abandon(PacketPool pool, Packet[] packets) {
        if (dequeuer != null) {
            dequeuer.abandon((BufferPool) pool, packets);
        }
    }

    /** Inside the gate: notices a fault and notifies the guest. */
    Notice finish(Ring now, boolean notify) {
        RingFault fault = now.fault();
        if (fault != null) {
            fail(fault, now.faultValue());
        }
        if (now.hasIotlb()) {
            stats.set(Counter.IOTLB_HITS, now.iotlbHits());
            stats.set(Counter.IOTLB_MISSES, now.iotlbMisses());
        }
        return notifier.afterBurst(now, notify);
    }

    void afterBurst(Notice notice) {
        if (hasNews) {
            hasNews = false;
            faults.report(listener, index);
        }
        if (notifier.tell(notice)) {
            calls.notifyGuest();
        }
    }

    private void fail(RingFault fault, long value) {
        broken = true;
        stats.add(Counter.RING_FAULTS, 1);
        faults.raise(fault, value);
        hasNews = true;
    }

    /** A truncated memory file shows as an InternalError on the thread that touched it. */
    void memoryGone() {
        fail(RingFault.MEMORY_GONE, 0);
    }

    /** Marks the ring as stopped by a fault. While paused. */
    public void breakRing(RingFault fault, long value) {
        fail(fault, value);
        faults.forget();
    }

    /** See {@link io.vhost4j.VhostDevice#availEntries}. */
    public int availEntries() {
        return isReceive() && enabled ? available() : 0;
    }

    /** See {@link io.vhost4j.VhostDevice#rxQueueCount}. */
    public int rxQueueCount() {
        return isReceive() && !chains ? 0 : available();
    }

    private int available() {
        if (!enter()) {
            return 0;
        }
        int chains = 0;
        try {
            chains = Objects.requireNonNull(ring).available();
            HostWindow.settle();
        } catch (InternalError e) {
            memoryGone();
        } finally {
            gate.leave();
        }
        afterBurst(Notice.NONE);
        return chains;
    }

    /** See {@link io.vhost4j.VhostDevice#enableGuestNotification}. */
    public boolean enableNotification(boolean enable) {
        gate.close();
        boolean done = false;
        try {
            wantsNotification = enable;
            Ring now = ring;
            if (now != null && !broken) {
                now.enableNotification(enable);
                HostWindow.settle();
                done = true;
            }
        } catch (InternalError e) {
            memoryGone();
        } finally {
            gate.open();
        }
        afterBurst(Notice.NONE);
        return done;
    }

    /**
     * Before a sleep: has the guest notify.
     *
     * @return whether there is something to do already, so that nobody may sleep
     */
    public boolean arm() {
        enableNotification(true);
        return enabled && available() > 0 || backlog.hasRarp() || async.inflight() > 0;
    }

    /** After {@link #arm}: the guest need not notify. */
    public void disarm() {
        enableNotification(false);
    }

    /** Notifications that the application asks for. */
    public GuestCalls calls() {
        return calls;
    }

    /** The ring, if there is one that is not broken. Inside the gate. */
    @Nullable
    Ring soundRing() {
        return broken ? null : ring;
    }

    /** Names of the statistics. */
    public List<String> statNames() {
        return QueueStats.names(index);
    }

    /** See {@link io.vhost4j.VhostDevice#vringStatsGet}. */
    public int stats(long[] values) {
        return options.statistics() ? stats.read(values) : 0;
    }

    /** See {@link io.vhost4j.VhostDevice#vringStatsReset}. */
    public void resetStats() {
        stats.reset();
    }
}
