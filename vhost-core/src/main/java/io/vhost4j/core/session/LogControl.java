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
import org.jspecify.annotations.Nullable;

/**
 * The requests about the dirty log. Rings log while there is a log and LOG_ALL is negotiated. A log is mapped before any ring is
 * paused and unmapped after all have left it. Event thread only, but for {@link #log}.
 */
final class LogControl {
    private final RingTable rings;
    private final Negotiation agreed;
    private final long maxBytes;
    private volatile @Nullable DirtyLog log;
    private @Nullable EventFd signal;

    LogControl(RingTable rings, Negotiation agreed, long maxBytes) {
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
        if (!EventFd.isEventFd(adopted.fd())) {
            adopted.close();
            throw new RequestRejectedException("SET_LOG_FD: the file descriptor is not an eventfd");
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
        RingAddresses at = ring.addresses;
        boolean usedElsewhere = at != null && (at.flags() & VhostUserVring.ADDR_FLAG_LOG) != 0;
        ring.queue.setLog(log(), at != null && usedElsewhere ? at.log() : -1, signal);
    }

    /** File descriptors that are kept. */
    int heldFds() {
        return signal == null ? 0 : 1;
    }

    private void exchange(@Nullable DirtyLog next) {
        DirtyLog old = log;
        log = next;
        applyAll();
        if (old != null) {
            old.release();
        }
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
