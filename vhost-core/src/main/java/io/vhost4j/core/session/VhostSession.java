// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostException;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.BackendCode;
import io.vhost4j.core.protocol.FrontendRequest;
import io.vhost4j.core.protocol.FrontendRequest.InflightInfo;
import io.vhost4j.core.protocol.FrontendRequest.RegionInfo;
import io.vhost4j.core.protocol.LimitExceededException;
import io.vhost4j.core.protocol.MessageReader;
import io.vhost4j.core.protocol.MessageReader.Progress;
import io.vhost4j.core.protocol.MessageWriter;
import io.vhost4j.core.protocol.ProtocolException;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.protocol.RequestDecoder;
import io.vhost4j.core.ring.RingFault;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a front-end, and its device: reads requests, does them, replies. Lives on the event thread, where alone its
 * methods may be called unless they say otherwise.
 *
 * <p>A request whose form is wrong ends the session. A request that is well formed but cannot be done is answered with a
 * non-zero acknowledgement if the front-end asked for one, and otherwise ends the session too. Nothing that a front-end sends
 * touches another session.
 */
public final class VhostSession {
    private static final Logger LOG = LoggerFactory.getLogger(VhostSession.class);

    /** Messages handled before other sessions get their turn. */
    private static final int MESSAGES_PER_TURN = 64;

    private static final long FAILED = 1;

    private final UnixSocket socket;
    private final SessionConfig config;
    private final EventLoop loop;
    private final DeviceRegistry registry;
    private final DeviceImpl device;
    private final MessageReader reader;
    private final MessageWriter writer;
    private final Requests requests;
    private final Runnable onEnd;
    /** Rings whose guest is about to be notified by a message. */
    private final Set<Integer> calls = ConcurrentHashMap.newKeySet();

    /** Whether the message at hand is the front-end's answer to a reply. */
    private boolean answersOurReply;

    private volatile boolean open = true;
    private long messages;

    /**
     * A session on a connected socket; call {@link #start} next.
     *
     * @param socket owned by the session from here on
     * @param onEnd run when the session has ended, just before the socket is closed
     */
    public VhostSession(
            UnixSocket socket, SessionConfig config, EventLoop loop, DeviceRegistry registry, Runnable onEnd) {
        this.socket = socket;
        this.config = config;
        this.loop = loop;
        this.registry = registry;
        this.onEnd = onEnd;
        device = registry.register(vid -> new DeviceImpl(vid, this));
        reader = new MessageReader(socket);
        writer = new MessageWriter(socket, config.limits().unreadReplyBytes());
        requests = new Requests(device, config, loop, new QueueEvents(device, config, this));
    }

    /** Tells the application of the connection. */
    public void start() {
        if (config.throttle().permitsNews()) {
            LOG.info("{}: vid={} connected", config.ifname(), device.vid());
        }
        guarded(requests.lifecycle::connected);
    }

    /** Handles what the front-end has sent, up to some messages. */
    public void readable() {
        guarded(() -> {
            for (int i = 0; i < MESSAGES_PER_TURN && open; i++) {
                Progress progress = reader.read();
                if (progress == Progress.PARTIAL) {
                    return;
                }
                if (progress == Progress.END) {
                    config.counters().sessionEndedByPeer();
                    end("the front-end disconnected");
                    return;
                }
                handleMessage();
                requests.backendChannel.flush();
                reader.allowReplies(requests.postcopy.awaitsAck());
                reader.next();
                messages++;
            }
        });
    }

    /** Sends what waits. */
    public void writable() {
        guarded(writer::flush);
    }

    /** Whether replies wait until the socket can be written. */
    public boolean wantsWrite() {
        return open && writer.hasWaiting();
    }

    /** Whether the front-end has sent a part of a message. */
    public boolean midMessage() {
        return open && reader.midMessage();
    }

    /** How many messages were handled. */
    public long messages() {
        return messages;
    }

    /** Whether the session has not ended. Any thread. */
    public boolean isOpen() {
        return open;
    }

    /** Whether the front-end has begun to negotiate. */
    public boolean established() {
        return requests.established();
    }

    /** Ends the session because it met a limit. */
    public void endAtLimit(String reason) {
        if (open) {
            config.counters().limitExceeded();
            fail(reason);
        }
    }

    private void fail(String reason) {
        if (open) {
            config.counters().sessionEndedByError();
            warn("ended: " + reason);
            finish();
        }
    }

    /** Ends the session: callbacks first, then the rings, then memory and descriptors. Once. */
    public void end(String reason) {
        if (open) {
            if (config.throttle().permitsNews()) {
                LOG.info("{}: vid={} ended: {}", config.ifname(), device.vid(), reason);
            }
            finish();
        }
    }

    /** Says what a front-end did wrong, unless it has said too much already. */
    private void warn(String text) {
        if (!config.throttle().permits()) {
            return;
        }
        long leftOut = config.throttle().takeLeftOut();
        if (leftOut > 0) {
            LOG.warn("{}: {} messages about its front-ends were left out here", config.ifname(), leftOut);
        }
        LOG.warn("{}: vid={}: {}", config.ifname(), device.vid(), text);
    }

    private void finish() {
        open = false;
        try {
            requests.lifecycle.disconnected();
            requests.release();
        } catch (RuntimeException e) {
            LOG.error("{}: vid={}: while ending", config.ifname(), device.vid(), e);
        } finally {
            registry.remove(device.vid());
            closeSocket();
        }
    }

    private void closeSocket() {
        try (socket;
                writer;
                reader) {
            onEnd.run();
        }
    }

    SessionConfig config() {
        return config;
    }

    Negotiation agreed() {
        return requests.agreed;
    }

    RingTable rings() {
        return requests.rings;
    }

    MemoryControl memory() {
        return requests.memory;
    }

    DeviceLifecycle lifecycle() {
        return requests.lifecycle;
    }

    /** A burst call found a ring broken. Any thread. */
    void ringBroke(int queue, RingFault fault, long value) {
        loop.execute(() -> {
            // also when the front-end has left since: somebody will ask why
            requests.ringControl.broken(queue, fault, value);
            guarded(requests.lifecycle::settle);
        });
    }

    /** The socket's vDPA device is another. */
    public void vdpaChanged() {
        guarded(requests.lifecycle::vdpaChanged);
    }

    BackendChannel backendChannel() {
        return requests.backendChannel;
    }

    Requests requests() {
        return requests;
    }

    EventLoop loop() {
        return loop;
    }

    /** The guest is to be notified by a message. Any thread. */
    boolean callByMessage(int queue) {
        if (!open || !requests.backendChannel.isOpen()) {
            return false;
        }
        if (calls.add(queue)) {
            loop.execute(() -> {
                calls.remove(queue);
                requests.backendChannel.aboutRing(BackendCode.VRING_CALL, queue);
            });
        }
        return true;
    }

    /** Any thread. */
    boolean requestConfigChange() {
        if (!open || !requests.backendChannel.isOpen()) {
            return false;
        }
        loop.execute(requests.backendChannel::configChanged);
        return true;
    }

    private void guarded(Runnable action) {
        if (!open) {
            return;
        }
        try {
            action.run();
        } catch (CallbackFailedException e) {
            LOG.error("{}: vid={}: {}", config.ifname(), device.vid(), e.getMessage(), e);
            fail("a callback failed");
        } catch (LimitExceededException e) {
            endAtLimit(e.getMessage());
        } catch (VhostException | NativeException e) {
            fail(e.getMessage());
        } catch (RuntimeException | InternalError e) {
            LOG.error("{}: vid={}: unexpected failure", config.ifname(), device.vid(), e);
            fail("unexpected failure");
        }
    }

    private void handleMessage() {
        Reply reply;
        answersOurReply = false;
        try {
            reply = answer();
        } catch (CallbackFailedException | ProtocolException e) {
            throw e;
        } catch (VhostException | NativeException e) {
            config.counters().requestRefused();
            reply = refusal();
            if (reply == null) {
                throw e;
            }
            if (e instanceof LimitExceededException) {
                config.counters().limitExceeded();
            }
            warn("refused: " + e.getMessage());
        }
        try {
            send(reply);
        } finally {
            Reply.dispose(reply);
        }
    }

    /** The application may act before the library, or after it, or on what the library does not know. */
    private Reply answer() {
        Reply early = requests.extern.before(reader);
        if (early == null) {
            FrontendRequest request = decode();
            LOG.debug("{}: vid={}: {}", config.ifname(), device.vid(), request);
            if (request instanceof FrontendRequest.Unsupported) {
                Reply late = requests.extern.after(reader);
                return late == null ? requests.handle(request) : late;
            }
            early = requests.handle(request);
        }
        try {
            requests.lifecycle.settle();
            Reply late = requests.extern.after(reader);
            if (late instanceof Reply.Raw) {
                Reply.dispose(early);
                return late;
            }
            return early;
        } catch (RuntimeException e) {
            Reply.dispose(early);
            throw e;
        }
    }

    private FrontendRequest decode() {
        if (requests.postcopy.awaitsAck()) {
            FrontendRequest answer = RequestDecoder.memoryAck(reader);
            if (answer != null) {
                answersOurReply = true;
                return answer;
            }
        }
        return RequestDecoder.decode(reader);
    }

    private void send(Reply reply) {
        int request = reader.request();
        switch (reply) {
            case Reply.Ack() -> {
                if (acknowledges()) {
                    writer.replyU64(request, 0);
                }
            }
            case Reply.U64(long value) -> writer.replyU64(request, value);
            case Reply.Failed(String why) -> {
                config.counters().requestRefused();
                warn("refused: " + why);
                writer.replyU64(request, FAILED);
            }
            case Reply.State(int queue, int base) -> writer.replyState(request, queue, base);
            case Reply.Empty() -> writer.replyEmpty(request);
            case Reply.None() -> {}
            case Reply.Descriptor(OwnedFd fd) -> writer.replyDescriptor(request, fd);
            case Reply.Inflight(InflightInfo info, OwnedFd fd) -> writer.replyInflight(request, info, fd);
            case Reply.Raw(MemorySegment payload, List<OwnedFd> fds) -> writer.reply(request, payload, fds);
            case Reply.Regions(List<RegionInfo> regions, boolean table) -> writer.replyRegions(request, regions, table);
        }
    }

    private boolean acknowledges() {
        return reader.needReply() && ProtocolFeature.REPLY_ACK.in(requests.agreed.protocolFeatures());
    }

    /**
     * How the front-end is told that its request was refused: as the message itself provides, or by an acknowledgement. Null where it
     * cannot be told: it would take an acknowledgement for the answer, or did not ask for one.
     */
    private @Nullable Reply refusal() {
        RequestCode code = RequestCode.of(reader.request());
        if (code == null || answersOurReply) {
            return answersOurReply ? null : acknowledgedFailure();
        }
        return switch (code) {
            case GET_CONFIG -> new Reply.Empty();
            case SET_DEVICE_STATE_FD -> stateRefusal();
            case GET_VRING_BASE, GET_STATUS, GET_MAX_MEM_SLOTS, GET_VRING_BASE_SKIP_DRAIN -> null;
            case GET_SHARED_OBJECT ->
                ProtocolFeature.SHARED_OBJECT.in(requests.agreed.protocolFeatures())
                        ? new Reply.Empty()
                        : acknowledgedFailure();
            default -> acknowledgedFailure();
        };
    }

    private @Nullable Reply acknowledgedFailure() {
        return acknowledges() ? new Reply.U64(FAILED) : null;
    }

    /** This message has its answer in any case, if the feature is there. */
    private @Nullable Reply stateRefusal() {
        return ProtocolFeature.DEVICE_STATE.in(requests.agreed.protocolFeatures()) || acknowledges()
                ? new Reply.U64(DeviceState.NO_DESCRIPTOR | FAILED)
                : null;
    }
}
