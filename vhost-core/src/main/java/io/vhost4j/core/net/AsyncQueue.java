// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.VhostException;
import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.net.QueueStats.Counter;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.core.ring.Ring;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of a {@link NetQueue} that works by a channel. Packets under way outlive the ring: when it stops, or its memory changes, their
 * copies end first, and then they wait here for the application.
 *
 * <p>Bursts and the event thread as in {@link NetQueue}; methods that say so only while the queue is paused.
 */
public final class AsyncQueue {
    private static final Logger LOG = LoggerFactory.getLogger(AsyncQueue.class);

    /** Channels that rings have. */
    private static final Set<DmaChannel> IN_USE = ConcurrentHashMap.newKeySet();

    private final NetQueue queue;
    private final QueueGate gate;
    private final Consumer<String> failed;
    private final QueueStats stats;
    private final NetOptions options;
    private final Flights flights = new Flights();
    private final Handover handover;

    // written while paused; read inside the gate
    private @Nullable DmaChannel channel;
    private volatile @Nullable ChannelMemory memory;
    private @Nullable CopyTable copies;
    private @Nullable AsyncEnqueuer enqueuer;
    private @Nullable AsyncDequeuer dequeuer;
    private boolean checkOwnership;
    /** The ring that chains are taken from, and how packets are in it; null without one. */
    private @Nullable Ring ring;

    private @Nullable NetLayout layout;
    private GuestMemory guest = GuestMemory.EMPTY;

    /**
     * The part of {@code queue}.
     *
     * @param failed told why a channel is not used any more, with no lock held
     */
    AsyncQueue(NetQueue queue, QueueGate gate, QueueStats stats, NetOptions options, Consumer<String> failed) {
        this.queue = queue;
        this.gate = gate;
        this.failed = failed;
        this.stats = stats;
        this.options = options;
        handover = new Handover(flights, stats, queue.isReceive());
    }

    /** See {@link io.vhost4j.async.AsyncRings#asyncChannelRegister}. */
    @SuppressWarnings("ReferenceEquality") // this very channel
    public void register(AsyncFeatures features, DmaChannel added) {
        if (features.asyncInorder() && !added.capabilities().inOrder()) {
            throw new VhostException("DMA channel " + added
                    + ": does not complete copies in order, as asyncInorder asks for; leave that out, or take another");
        }
        if (!IN_USE.add(added)) {
            throw new IllegalStateException("DMA channel " + added + ": a ring has it; open one for each ring");
        }
        queue.pause();
        try {
            if (channel != null) {
                throw new IllegalStateException("the ring has a DMA channel; unregister that first");
            }
            ChannelMemory reached = new ChannelMemory(added, features.pools());
            reached.begin(guest);
            memory = reached;
            copies = new CopyTable(added, features, flights, stats);
            checkOwnership = features.checkOwnership();
            channel = added;
            makeWorkers();
        } finally {
            if (channel != added) {
                IN_USE.remove(added);
            }
            queue.resume();
        }
    }

    /** See {@link io.vhost4j.async.AsyncRings#asyncChannelUnregister}. */
    public boolean unregister() {
        queue.pause();
        try {
            if (flights.packets() > 0) {
                return false;
            }
            endCopies();
            letGo();
            return true;
        } finally {
            queue.resume();
        }
    }

    private void letGo() {
        DmaChannel old = channel;
        if (old == null) {
            return;
        }
        ChannelMemory reached = Objects.requireNonNull(memory);
        memory = null;
        channel = null;
        copies = null;
        enqueuer = null;
        dequeuer = null;
        IN_USE.remove(old);
        try {
            reached.close();
        } catch (RuntimeException e) {
            LOG.error("DMA channel {}: does not let go of memory: {}", old, e.getMessage(), e);
        }
    }

    private void makeWorkers() {
        Ring from = ring;
        NetLayout how = layout;
        CopyTable by = copies;
        if (from == null || how == null || by == null) {
            return;
        }
        // besides a packet for each chain, packets and chains that cannot be used have entries
        flights.ensureRoom(2 * from.size());
        if (queue.isReceive()) {
            enqueuer = new AsyncEnqueuer(from, how, options, flights, by, stats);
        } else {
            dequeuer = new AsyncDequeuer(from, how, options, flights, by, stats);
        }
    }

    // ---- the ring, while paused ----

    void started(Ring now, NetLayout how, GuestMemory with) {
        ring = now;
        layout = how;
        guest = with;
        makeWorkers();
        moveMemory();
    }

    /** Before the ring stops. */
    void stops() {
        endCopies();
        ring = null;
        layout = null;
        enqueuer = null;
        dequeuer = null;
        guest = GuestMemory.EMPTY;
        moveMemory();
    }

    /**
     * Lets the channel reach memory that the ring will go on in, which can take long: the ring runs meanwhile. Event thread, not while
     * paused.
     */
    public void prepare(GuestMemory next) {
        ChannelMemory reached = memory;
        if (reached == null || !queue.started()) {
            return;
        }
        try {
            reached.add(next);
        } catch (VhostException e) {
            // it is tried again when the ring moves, and the channel given up if it fails then too
            LOG.debug("DMA channel {}: {}", channel, e.getMessage());
        }
    }

    /** Before the ring goes on in other memory. */
    void moves(GuestMemory with) {
        endCopies();
        guest = with;
        moveMemory();
    }

    private void moveMemory() {
        ChannelMemory reached = memory;
        CopyTable by = copies;
        if (reached == null || by == null) {
            return;
        }
        try {
            reached.moveTo(guest);
        } catch (RuntimeException e) {
            by.giveUp("it cannot reach the guest's memory: " + e.getMessage());
        }
    }

    /** Waits for the copies under way, and publishes. */
    private void endCopies() {
        CopyTable by = copies;
        if (by == null || !flights.waits()) {
            return;
        }
        try {
            by.drain();
            advance();
            HostWindow.settle();
        } catch (InternalError e) {
            broke();
        }
    }

    /** At the end of the session: frees what the application has not fetched. Not while paused. */
    public void end() {
        queue.pause();
        try {
            endCopies();
            handover.freeAll();
            letGo();
        } finally {
            queue.resume();
        }
    }

    /** Whether no chain is taken, so that synchronous bursts may use the ring. Inside the gate. */
    boolean isIdle() {
        return !flights.waits();
    }

    // ---- bursts ----

    /** See {@link io.vhost4j.async.AsyncRings#submitEnqueueBurst}. */
    public int submit(Packet[] packets, int from, int count, CompletedPackets completed) {
        Objects.checkFromIndexSize(from, count, packets.length);
        int early;
        int packetsBefore;
        int packetsAfter;
        if (!gate.tryEnter()) {
            return 0;
        }
        Notice notice = Notice.NONE;
        try {
            packetsBefore = flights.packets();
            try {
                AsyncEnqueuer to = enqueuer;
                if (to != null && queue.mayMove() && queue.enabled()) {
                    to.burst(packets, from, count);
                }
                HostWindow.settle();
            } catch (InternalError e) {
                broke();
            }
            packetsAfter = flights.packets();
            stats.add(Counter.INFLIGHT_SUBMITTED, packetsAfter - packetsBefore);
            notice = progress();
            early = handover.fill(completed);
        } finally {
            gate.leave();
        }
        afterBurst(notice, early);
        return packetsAfter - packetsBefore;
    }

    /** See {@link io.vhost4j.async.AsyncRings#pollEnqueueCompleted}. */
    public int poll(CompletedPackets completed) {
        if (!queue.isReceive() || !gate.tryEnter()) {
            return 0;
        }
        int before = completed.count();
        int early;
        Notice notice = Notice.NONE;
        try {
            notice = progress();
            early = handover.fill(completed);
        } finally {
            gate.leave();
        }
        afterBurst(notice, early);
        return completed.count() - before;
    }

    /** See {@link io.vhost4j.async.AsyncRings#asyncTryDequeueBurst}. */
    public int tryDequeue(PacketPool pool, Packet[] packets, int from, int count) {
        Objects.checkFromIndexSize(from, count, packets.length);
        if (!gate.tryEnter()) {
            return 0;
        }
        int stored = 0;
        Notice notice = Notice.NONE;
        try {
            int before = flights.packets();
            try {
                AsyncDequeuer source = dequeuer;
                if (source != null && count > 0 && queue.mayMove()) {
                    stored = queue.takeRarp(pool, packets, from);
                    if (queue.mayTake(count, isIdle())) {
                        source.take((BufferPool) pool, count - stored);
                    }
                }
                HostWindow.settle();
            } catch (InternalError e) {
                broke();
            }
            stats.add(Counter.INFLIGHT_SUBMITTED, Math.max(0, flights.packets() - before));
            notice = progress();
            stored += handover.take(packets, from + stored, from + count);
        } finally {
            gate.leave();
        }
        afterBurst(notice, 0);
        return stored;
    }

    /** See {@link io.vhost4j.async.AsyncRings#asyncGetInflight}. */
    public int inflight() {
        return flights.packets();
    }

    /** See {@link io.vhost4j.async.AsyncRings#clearQueue}. */
    public int clear(CompletedPackets completed) {
        int before = completed.count();
        int early;
        Notice notice = Notice.NONE;
        queue.pause();
        try {
            endCopies();
            notice = progress();
            early = handover.fill(completed);
        } finally {
            queue.resume();
        }
        afterBurst(notice, early);
        return completed.count() - before;
    }

    /** Sees what has ended, publishes and notifies. Inside the gate. */
    private Notice progress() {
        CopyTable by = copies;
        Ring now = ring;
        if (by == null) {
            return Notice.NONE;
        }
        try {
            advance();
            Notice notice = now == null || queue.broken() ? Notice.NONE : queue.finish(now, true);
            HostWindow.settle();
            return notice;
        } catch (InternalError e) {
            broke();
            return Notice.NONE;
        }
    }

    private void advance() {
        AsyncEnqueuer to = enqueuer;
        AsyncDequeuer source = dequeuer;
        if (queue.broken()) {
            abandon();
        } else if (to != null) {
            to.advance();
        } else if (source != null) {
            source.advance();
        }
    }

    /** Memory is gone: nothing is copied or published any more. */
    private void broke() {
        queue.memoryGone();
        abandon();
    }

    /** Ends what is under way in a broken ring, which gets nothing back. */
    private void abandon() {
        CopyTable by = copies;
        if (by == null) {
            return;
        }
        by.discard();
        for (int slot = flights.ready(); slot >= 0; slot = flights.ready()) {
            PooledPacket packet = flights.packet(slot);
            flights.publish(queue.isReceive());
            if (packet != null && !queue.isReceive()) {
                packet.free();
            }
        }
    }

    private void afterBurst(Notice notice, int early) {
        CopyTable by = copies;
        String why = by == null ? null : by.takeFailure();
        if (why != null) {
            failed.accept(why);
        }
        queue.afterBurst(notice);
        if (early > 0 && checkOwnership) {
            throw new IllegalStateException(early
                    + " packets were freed while they were in flight; they are the library's until they come back");
        }
    }
}
