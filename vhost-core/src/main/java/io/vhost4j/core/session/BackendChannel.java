// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostException;
import io.vhost4j.core.layout.VhostUserIotlb;
import io.vhost4j.core.layout.VhostUserVring;
import io.vhost4j.core.linux.FileStatus;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.BackendCode;
import io.vhost4j.core.protocol.MessageReader;
import io.vhost4j.core.protocol.MessageReader.Progress;
import io.vhost4j.core.protocol.MessageWriter;
import io.vhost4j.core.protocol.ProtocolException;
import io.vhost4j.core.protocol.ReceivedFd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The channel for requests of the back-end. Answers are taken when they come and never waited for, so that it cannot deadlock with the main
 * channel, on which the front-end may be waiting for us. Event thread only, but for {@link #isOpen}.
 */
final class BackendChannel {
    private static final Logger LOG = LoggerFactory.getLogger(BackendChannel.class);

    /** Requests that may wait for their answer. */
    private static final int MAX_UNANSWERED = 64;

    private static final int MESSAGES_PER_TURN = 64;

    private final SessionConfig config;
    private final Negotiation agreed;
    private final EventLoop loop;
    private final Queue<Unanswered> unanswered = new ArrayDeque<>();
    private final MemorySegment payload = Arena.ofAuto().allocate(VhostUserIotlb.BYTES, Long.BYTES);
    private volatile @Nullable Link link;

    /** What comes of a request. */
    interface Outcome {
        /** Done: sent, or answered where an answer was wanted; {@code fd} is what came with it, then the callee's. */
        void done(@Nullable OwnedFd fd);

        /** Not done. */
        void failed(String reason);
    }

    private record Unanswered(BackendCode code, Outcome outcome) {}

    /** An open channel. */
    private static final class Link {
        final UnixSocket socket;
        final MessageReader reader;
        final MessageWriter writer;
        private final EventLoop.Watch watch;

        Link(UnixSocket socket, int unreadBytes, EventLoop.Watch watch) {
            this.socket = socket;
            this.watch = watch;
            reader = new MessageReader(socket);
            reader.allowReplies(true);
            writer = new MessageWriter(socket, unreadBytes);
        }

        void close() {
            watch.end();
            try (socket;
                    writer) {
                reader.close();
            }
        }
    }

    BackendChannel(SessionConfig config, Negotiation agreed, EventLoop loop) {
        this.config = config;
        this.agreed = agreed;
        this.loop = loop;
    }

    /** Takes the socket, in place of the one before. */
    Reply open(ReceivedFd fd) {
        agreed.require(ProtocolFeature.BACKEND_REQ, "SET_BACKEND_REQ_FD");
        OwnedFd adopted = fd.adopt();
        try {
            if (!FileStatus.of(adopted.fd()).isSocket()) {
                throw new RequestRejectedException("SET_BACKEND_REQ_FD: the file descriptor is not a socket");
            }
            if (UnixSocket.isNamed(adopted.fd())) {
                throw new RequestRejectedException(
                        "SET_BACKEND_REQ_FD: the socket has a name or its peer has: one of a pair is needed");
            }
            close("the front-end gave another channel");
            EventLoop.Watch watch = loop.watch(adopted.fd(), this::readable);
            link = new Link(UnixSocket.of(adopted), config.limits().unreadReplyBytes(), watch);
            return Reply.ACK;
        } catch (RuntimeException e) {
            adopted.close();
            throw e;
        }
    }

    /** Whether the front-end gave a channel. Any thread. */
    boolean isOpen() {
        return link != null;
    }

    /** Tells that the configuration space changed; wants no answer. */
    void configChanged() {
        post(BackendCode.CONFIG_CHANGE, MemorySegment.NULL);
    }

    /** Asks for the translation of an address; the answer is a message on the main channel. */
    void iotlbMiss(long iova, int permission) {
        payload.fill((byte) 0);
        payload.set(ValueLayout.JAVA_LONG, VhostUserIotlb.IOVA, iova);
        payload.set(ValueLayout.JAVA_BYTE, VhostUserIotlb.PERMISSION, (byte) permission);
        payload.set(ValueLayout.JAVA_BYTE, VhostUserIotlb.TYPE, (byte) VhostUserIotlb.TYPE_MISS);
        post(BackendCode.IOTLB_MSG, payload.asSlice(0, VhostUserIotlb.BYTES));
    }

    /** Sends VRING_CALL or VRING_ERR, where notifications are messages. */
    void aboutRing(BackendCode code, int queue) {
        payload.fill((byte) 0);
        payload.set(ValueLayout.JAVA_INT, VhostUserVring.STATE_INDEX, queue);
        post(code, payload.asSlice(0, VhostUserVring.STATE_BYTES));
    }

    private void post(BackendCode code, MemorySegment content) {
        if (isOpen()) {
            transmit(code, false, content, List.of());
        }
    }

    /**
     * Sends a request.
     *
     * @param answers whether the request has an answer of its own; others have one where REPLY_ACK was negotiated
     * @param fds sent with it; stay the caller's
     */
    void ask(BackendCode code, boolean answers, MemorySegment content, List<OwnedFd> fds, Outcome outcome) {
        if (!isOpen()) {
            outcome.failed(code + ": the front-end gave no channel for requests");
            return;
        }
        if (unanswered.size() >= MAX_UNANSWERED) {
            outcome.failed(code + ": " + MAX_UNANSWERED + " requests have not been answered yet");
            return;
        }
        boolean acknowledged = ProtocolFeature.REPLY_ACK.in(agreed.protocolFeatures());
        if (!transmit(code, acknowledged, content, fds)) {
            outcome.failed(code + ": the channel has failed");
        } else if (acknowledged || answers) {
            unanswered.add(new Unanswered(code, outcome));
        } else {
            outcome.done(null);
        }
    }

    private boolean transmit(BackendCode code, boolean needReply, MemorySegment content, List<OwnedFd> fds) {
        Link to = link;
        if (to == null) {
            return false;
        }
        try {
            to.writer.flush();
            to.writer.request(code, needReply, content, fds);
            return true;
        } catch (VhostException | NativeException e) {
            failed(e.getMessage());
            return false;
        }
    }

    /** Sends what waits, as far as the front-end takes it. */
    void flush() {
        Link to = link;
        if (to != null && to.writer.hasWaiting()) {
            try {
                to.writer.flush();
            } catch (NativeException e) {
                failed(e.getMessage());
            }
        }
    }

    private void readable() {
        Link from = link;
        try {
            for (int i = 0; i < MESSAGES_PER_TURN && from != null; i++) {
                Progress progress = from.reader.read();
                if (progress == Progress.PARTIAL) {
                    return;
                }
                if (progress == Progress.END) {
                    LOG.debug("{}: the front-end closed the channel for requests of the back-end", config.ifname());
                    close("the front-end closed the channel for requests");
                    return;
                }
                answered(from.reader);
                from.reader.next();
                // an outcome may have closed or replaced the channel
                from = link == from ? from : null;
            }
        } catch (VhostException | NativeException e) {
            failed(e.getMessage());
        }
    }

    private void answered(MessageReader message) {
        Unanswered first = unanswered.peek();
        if (first == null || first.code().code() != message.request() || message.fdCount() > 1) {
            throw new ProtocolException("an answer to request " + Integer.toUnsignedString(message.request()) + " with "
                    + message.fdCount() + " file descriptors, where "
                    + (first == null ? "none" : first.code() + "'s") + " is due");
        }
        unanswered.remove();
        long status = message.sizeBytes() == Long.BYTES ? message.payload().get(ValueLayout.JAVA_LONG, 0) : 0;
        if (status != 0) {
            first.outcome().failed(first.code() + ": the front-end answered " + status);
        } else {
            first.outcome().done(message.fdCount() == 0 ? null : message.fd(0).adopt());
        }
    }

    private void failed(String reason) {
        if (config.throttle().permits()) {
            LOG.warn("{}: the channel for requests of the back-end is closed: {}", config.ifname(), reason);
        }
        close("the channel was closed: " + reason);
    }

    /** Closes the channel, if there is one; requests without an answer fail. */
    void close(String reason) {
        Link open = link;
        link = null;
        if (open != null) {
            open.close();
        }
        for (Unanswered next = unanswered.poll(); next != null; next = unanswered.poll()) {
            next.outcome().failed(next.code() + ": " + reason);
        }
    }
}
