// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostException;
import io.vhost4j.core.layout.InflightLayout;
import io.vhost4j.core.linux.FileStatus;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.FrontendRequest.InflightInfo;
import io.vhost4j.core.protocol.LimitExceededException;
import io.vhost4j.core.protocol.ReceivedFd;
import org.jspecify.annotations.Nullable;

/**
 * The requests about the in-flight buffer, in which rings keep account of the chains that they have taken, so that the next process can
 * go on. The layout of one ring's part depends on the kind of ring, so the features must have been set. Event thread only.
 */
final class InflightControl {
    /** Alignment of the buffer's widest field. */
    private static final int ALIGN = 8;

    private final Negotiation agreed;
    private final RingTable rings;
    private final long maxBytes;
    /** Whether the library serves the rings, and so keeps the account. */
    private final boolean tracks;

    private @Nullable Mapping mapping;
    private InflightInfo info = new InflightInfo(0, 0, 0, 0);

    InflightControl(Negotiation agreed, RingTable rings, long maxBytes, boolean tracks) {
        this.agreed = agreed;
        this.rings = rings;
        this.maxBytes = maxBytes;
        this.tracks = tracks;
    }

    /** Makes a fresh buffer for the front-end to keep. */
    Reply create(InflightInfo wanted) {
        agreed.require(ProtocolFeature.INFLIGHT_SHMFD, "GET_INFLIGHT_FD");
        check("GET_INFLIGHT_FD", wanted);
        long bytes = wanted.queues() * queueBytes(wanted);
        checkLimit("GET_INFLIGHT_FD", bytes);
        OwnedFd file = MemFd.create("vhost4j-inflight", bytes);
        try {
            MemFd.addSeals(file.fd(), MemFd.F_SEAL_SHRINK | MemFd.F_SEAL_GROW | MemFd.F_SEAL_SEAL);
        } catch (NativeException e) {
            file.close();
            throw e;
        }
        return new Reply.Inflight(new InflightInfo(bytes, 0, wanted.queues(), wanted.queueSize()), file);
    }

    /** Takes the buffer; rings that start from now on use it. */
    Reply adopt(InflightInfo given, ReceivedFd received) {
        agreed.require(ProtocolFeature.INFLIGHT_SHMFD, "SET_INFLIGHT_FD");
        if (rings.anyStarted()) {
            throw new RequestRejectedException("SET_INFLIGHT_FD: rings run: stop them by GET_VRING_BASE first");
        }
        check("SET_INFLIGHT_FD", given);
        checkLimit("SET_INFLIGHT_FD", given.sizeBytes());
        String what = "SET_INFLIGHT_FD: size=" + given.sizeBytes() + ", offset=" + given.offset();
        long needed = given.queues() * queueBytes(given);
        if (given.sizeBytes() < needed || given.offset() < 0 || given.offset() + given.sizeBytes() < 0) {
            throw new RequestRejectedException(
                    what + ": " + given.queues() + " rings of " + given.queueSize() + " need " + needed + " bytes");
        }
        if (given.offset() % ALIGN != 0) {
            throw new RequestRejectedException(what + ": the offset must be a multiple of " + ALIGN);
        }
        try (OwnedFd fd = received.adopt()) {
            FileStatus status = FileStatus.of(fd.fd());
            if (status.isRegular() && given.offset() + given.sizeBytes() > status.sizeBytes()) {
                throw new RequestRejectedException(what + ": its file has only " + status.sizeBytes() + " bytes");
            }
            int access = Mapping.PROT_READ | Mapping.PROT_WRITE;
            Mapping next = Mapping.map(fd, given.offset(), given.sizeBytes(), access, Mapping.MAP_SHARED);
            release();
            mapping = next;
            info = given;
        }
        return Reply.ACK;
    }

    private void check(String request, InflightInfo asked) {
        if (!agreed.featuresSet()) {
            throw new RequestRejectedException(
                    request + ": SET_FEATURES has to come before, it says which kind the rings are");
        }
        if (asked.queues() < 1 || asked.queueSize() < 1 || asked.queueSize() > RingPlacement.MAX_SIZE) {
            throw new RequestRejectedException(request + ": queues=" + asked.queues() + ", queue size="
                    + asked.queueSize() + ": must be at least 1, and a ring at most " + RingPlacement.MAX_SIZE);
        }
    }

    private void checkLimit(String request, long bytes) {
        if (bytes > maxBytes) {
            throw new LimitExceededException(request + ": a buffer of " + bytes + " bytes: the limit is " + maxBytes);
        }
    }

    private long queueBytes(InflightInfo of) {
        return InflightLayout.queueBytes(agreed.packed(), of.queueSize());
    }

    /**
     * Has a ring that was just started keep account, if there is a buffer with a part for it. Call while it is paused.
     *
     * @return how many chains were in flight
     * @throws VhostException if the buffer does not fit the ring
     */
    int apply(RingState ring) {
        long at = addressOf(ring);
        return at != 0 && tracks ? ring.queue.track(at) : 0;
    }

    /**
     * Where the part of a ring is, 0 if there is none. While the ring is paused.
     *
     * @throws VhostException if the buffer does not fit the ring
     */
    long addressOf(RingState ring) {
        Mapping buffer = mapping;
        if (buffer == null || ring.index >= info.queues()) {
            return 0;
        }
        if (ring.size != info.queueSize()) {
            throw new RequestRejectedException("queue=" + ring.index + ", size=" + ring.size
                    + ": the in-flight buffer is for rings of " + info.queueSize());
        }
        // the features, and with them the layout, may be others than when the buffer came
        if ((ring.index + 1) * queueBytes(info) > buffer.length()) {
            throw new RequestRejectedException("queue=" + ring.index + ": the in-flight buffer of " + buffer.length()
                    + " bytes is too small for " + (agreed.packed() ? "packed" : "split") + " rings");
        }
        return buffer.address() + ring.index * queueBytes(info);
    }

    /** Unmaps the buffer, after all rings have stopped. */
    void release() {
        if (mapping != null) {
            mapping.close();
            mapping = null;
        }
    }
}
