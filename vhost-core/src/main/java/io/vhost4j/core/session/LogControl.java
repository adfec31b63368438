// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.VhostUserVring;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.protocol.FrontendRequest.RingAddresses;
import io.vhost4j.core.protocol.LimitExceededException;
import io.vhost4j.core.protocol.ReceivedFd;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests about the dirty log. Rings log while there is a log and LOG_ALL is negotiated. A log is mapped before any ring is
 * paused and unmapped after all have left it. Event thread only, but for {@link #log}.
 */
final class LogControl {
    private static final Logger LOG = LoggerFactory.getLogger(LogControl.class);

    private final String name;
    private final RingTable rings;
    private final Negotiation agreed;
    private final long maxBytes;
    /** Held while an application marks, so that the log stays mapped. */
    private final Object use = new Object();

    private volatile @Nullable DirtyLog log;
    private @Nullable EventFd signal;
    /** Whether it was told that the log is gone; guarded by {@link #use}. */
    private boolean told;

    LogControl(String name, RingTable rings, Negotiation agreed, long maxBytes) {
        this.name = name;
        this.rings = rings;
        this.agreed = agreed;
        this.maxBytes = maxBytes;
    }

    /** The log, if writes are to be logged now. Any thread. */
    @Nullable
    DirtyLog log() {
        return VirtioFeature.LOG_ALL.in(agreed.features()) ? log : null;
    }

    /** Takes a log, in place of the one before. The answer is the same with and without a wish for one. */
    Reply setBase(long sizeBytes, long offset, ReceivedFd received) {
        agreed.require(ProtocolFeature.LOG_SHMFD, "SET_LOG_BASE");
        if (sizeBytes > maxBytes) {
            throw new LimitExceededException("SET_LOG_BASE: size=" + sizeBytes + ": the limit is " + maxBytes);
        }
        DirtyLog next;
        try (OwnedFd fd = received.adopt()) {
            next = DirtyLog.map(fd, sizeBytes, offset);
        }
        exchange(next);
        return new Reply.U64(0);
    }

    /** Takes what is signalled after logging. */
    Reply setFd(ReceivedFd received) {
        OwnedFd adopted = received.adopt();
        try {
            if (!EventFd.isEventFd(adopted.fd())) {
                throw new RequestRejectedException("SET_LOG_FD: the file descriptor is not an eventfd");
            }
        } catch (RuntimeException e) {
            adopted.close();
            throw e;
        }
        EventFd old = signal;
        signal = EventFd.adopt(adopted);
        applyAll();
        if (old != null) {
            old.close();
        }
        return Reply.ACK;
    }

    /** Starts or ends logging in all rings, as the features say. */
    void applyAll() {
        rings.pauseAll();
        try {
            rings.all().forEach(this::apply);
        } finally {
            rings.resumeAll();
        }
    }

    /** Has a ring log, if logging is on. Call while it is paused. */
    void apply(RingState ring) {
        if (!ring.queue.started()) {
            return;
        }
        ring.queue.setLog(log(), usedGpa(ring), signal);
    }

    /** File descriptors that are kept. */
    int heldFds() {
        return signal == null ? 0 : 1;
    }

    private void exchange(@Nullable DirtyLog next) {
        DirtyLog old = log;
        synchronized (use) {
            log = next;
        }
        applyAll();
        if (old != null) {
            old.release();
        }
    }

    /** Marks what the application wrote. Any thread. */
    void write(long gpa, long bytes) {
        if (log() == null) {
            return;
        }
        synchronized (use) {
            DirtyLog now = log();
            if (now != null && !now.tryMark(gpa, bytes) && !told) {
                told = true;
                LOG.warn(
                        "{}: the front-end has cut its dirty log short: what the application writes is not logged",
                        name);
            }
        }
    }

    /** Where the log wants the used ring to be, -1 if it does not want it. Event thread, or while the ring is paused. */
    long usedGpa(RingState ring) {
        RingAddresses at = ring.addresses;
        return at != null && (at.flags() & VhostUserVring.ADDR_FLAG_LOG) != 0 ? at.log() : -1;
    }

    /** The bitmap, if writes are to be logged now. Any thread. */
    @Nullable
    MemorySegment bits() {
        DirtyLog now = log();
        return now == null ? null : now.bits();
    }

    /** Ends logging and unmaps the log. */
    void release() {
        exchange(null);
        if (signal != null) {
            signal.close();
            signal = null;
        }
    }
}
