// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.FrontendRequest;
import io.vhost4j.core.protocol.FrontendRequest.InflightInfo;
import io.vhost4j.core.protocol.FrontendRequest.RegionInfo;
import io.vhost4j.core.protocol.MessageReader;
import io.vhost4j.core.protocol.MessageReader.Progress;
import io.vhost4j.core.protocol.MessageWriter;
import io.vhost4j.core.protocol.ReceivedFd;
import io.vhost4j.core.protocol.RequestDecoder;
import io.vhost4j.core.ring.RingFault;
import java.util.List;
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
    private static final long MAC_MASK = 0xffff_ffff_ffffL;

    private final UnixSocket socket;
    private final SessionConfig config;
    private final EventLoop loop;
    private final DeviceRegistry registry;
    private final DeviceImpl device;
    private final MessageReader reader;
    private final MessageWriter writer;
    private final Negotiation agreed;
    private final RingTable rings;
    private final RingControl ringControl;
    private final MemoryControl memory;
    private final DeviceLifecycle lifecycle;
    private final BackendChannel backendChannel;
    private final LogControl log;
    private final IommuControl iommu;
    private final InflightControl inflight;
    private final PostcopyControl postcopy;
    private final DeviceState deviceState;
    private final Runnable onEnd;
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
        writer = new MessageWriter(socket);
        agreed = new Negotiation(config.features(), config.protocolFeatures());
        rings = new RingTable(new QueueEvents(device, config, this), config.net(), 2 * config.maxQueuePairs());
        log = new LogControl(rings, agreed);
        inflight = new InflightControl(agreed, rings);
        ringControl = new RingControl(config.ifname(), rings, agreed, log, inflight, config.recovery());
        postcopy = new PostcopyControl(agreed);
        memory = new MemoryControl(rings, ringControl, postcopy);
        lifecycle = new DeviceLifecycle(device, config.ops(), rings, agreed);
        backendChannel = new BackendChannel(config.ifname(), agreed);
        iommu = new IommuControl(agreed, backendChannel, loop, ringControl);
        deviceState = new DeviceState(agreed);
    }

    /** Tells the application of the connection. */
    public void start() {
        LOG.info("{}: vid={} connected", config.ifname(), device.vid());
        guarded(lifecycle::connected);
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
                    end("the front-end disconnected");
                    return;
                }
                handleMessage();
                reader.next();
                messages++;
            }
        });
    }

    /** Sends replies that wait. */
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

    /** Ends the session: callbacks first, then the rings, then memory and descriptors. Once. */
    public void end(String reason) {
        if (!open) {
            return;
        }
        open = false;
        LOG.info("{}: vid={} ended: {}", config.ifname(), device.vid(), reason);
        try {
            lifecycle.disconnected();
            ringControl.close();
            memory.release();
            log.release();
            inflight.release();
            deviceState.close();
            backendChannel.close();
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
        return agreed;
    }

    RingTable rings() {
        return rings;
    }

    MemoryControl memory() {
        return memory;
    }

    DeviceLifecycle lifecycle() {
        return lifecycle;
    }

    /** A burst call found a ring broken. Any thread. */
    void ringBroke(int queue, RingFault fault, long value) {
        loop.execute(() -> {
            if (open) {
                ringControl.broken(queue, fault, value);
                guarded(lifecycle::settle);
            }
        });
    }

    /** Any thread. */
    boolean requestConfigChange() {
        if (!open || !backendChannel.isOpen()) {
            return false;
        }
        loop.execute(backendChannel::configChanged);
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
            end("a callback failed");
        } catch (VhostException | NativeException e) {
            end(e.getMessage());
        } catch (RuntimeException | InternalError e) {
            LOG.error("{}: vid={}: unexpected failure", config.ifname(), device.vid(), e);
            end("unexpected failure");
        }
    }

    private void handleMessage() {
        FrontendRequest request = decode();
        LOG.debug("{}: vid={}: {}", config.ifname(), device.vid(), request);
        Reply reply;
        try {
            reply = dispatch(request);
            lifecycle.settle();
        } catch (CallbackFailedException e) {
            throw e;
        } catch (VhostException | NativeException e) {
            if (!acknowledges() || hasOwnReply(request)) {
                throw e;
            }
            LOG.warn("{}: vid={}: refused: {}", config.ifname(), device.vid(), e.getMessage());
            reply = new Reply.U64(FAILED);
        }
        send(reply);
    }

    private FrontendRequest decode() {
        if (postcopy.awaitsAck()) {
            FrontendRequest answer = RequestDecoder.memoryAck(reader);
            if (answer != null) {
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
            case Reply.State(int queue, int base) -> writer.replyState(request, queue, base);
            case Reply.Empty() -> writer.replyEmpty(request);
            case Reply.None() -> {}
            case Reply.Descriptor(OwnedFd fd) -> {
                try (fd) {
                    writer.replyDescriptor(request, fd);
                }
            }
            case Reply.Inflight(InflightInfo info, OwnedFd fd) -> {
                try (fd) {
                    writer.replyInflight(request, info, fd);
                }
            }
            case Reply.Regions(List<RegionInfo> regions, boolean table) -> {
                reader.allowReplies(true);
                writer.replyRegions(request, regions, table);
            }
        }
    }

    private boolean acknowledges() {
        return reader.needReply() && ProtocolFeature.REPLY_ACK.in(agreed.protocolFeatures());
    }

    /** For these a failure cannot be told by an acknowledgement: the front-end would take it for the answer. */
    private static boolean hasOwnReply(FrontendRequest request) {
        return request instanceof FrontendRequest.GetVringBase
                || request instanceof FrontendRequest.GetStatus
                || request instanceof FrontendRequest.GetMaxMemSlots
                || request instanceof FrontendRequest.GetVringBaseSkipDrain
                || request instanceof FrontendRequest.PostcopyMemoryAck;
    }

    private Reply dispatch(FrontendRequest request) {
        return switch (request) {
            case FrontendRequest.GetFeatures() -> new Reply.U64(agreed.offered());
            case FrontendRequest.SetFeatures(var features) -> setFeatures(features);
            case FrontendRequest.SetOwner() -> Reply.ACK;
            case FrontendRequest.ResetOwner() -> disableRings();
            case FrontendRequest.SetMemTable(var regions, var fds) -> memory.replaceAll(regions, fds);
            case FrontendRequest.SetVringNum(var queue, var size) -> ringControl.setSize(queue, size);
            case FrontendRequest.SetVringAddr(var queue, var at) -> ringControl.setAddresses(queue, at);
            case FrontendRequest.SetVringBase(var queue, var base) -> ringControl.setBase(queue, base);
            case FrontendRequest.GetVringBase(var queue) -> stopRing(queue);
            case FrontendRequest.SetVringKick(var queue, var fd) -> ringControl.kick(queue, fd);
            case FrontendRequest.SetVringCall(var queue, var fd) -> ringControl.call(queue, fd);
            case FrontendRequest.SetVringErr(var queue, var fd) -> ringControl.err(queue, fd);
            case FrontendRequest.GetProtocolFeatures() -> new Reply.U64(agreed.offeredProtocol());
            case FrontendRequest.SetProtocolFeatures(var features) -> setProtocolFeatures(features);
            case FrontendRequest.GetQueueNum() -> new Reply.U64(config.maxQueuePairs());
            case FrontendRequest.SetVringEnable(var queue, var enable) -> ringControl.enable(queue, enable);
            case FrontendRequest.SendRarp(var mac) -> sendRarp(mac);
            case FrontendRequest.NetSetMtu(var mtu) -> setMtu(mtu);
            case FrontendRequest.SetBackendReqFd(var fd) -> openBackendChannel(fd);
            case FrontendRequest.GetConfig(var offset, var size, var flags) -> new Reply.Empty();
            case FrontendRequest.ResetDevice() -> resetDevice();
            case FrontendRequest.GetMaxMemSlots() -> maxMemSlots();
            case FrontendRequest.AddMemReg(var region, var fd) -> addRegion(region, fd);
            case FrontendRequest.RemMemReg(var region) -> removeRegion(region);
            case FrontendRequest.SetStatus(var status) -> setStatus(status);
            case FrontendRequest.GetStatus() -> getStatus();
            case FrontendRequest.SetLogBase(var size, var offset, var fd) -> log.setBase(size, offset, fd);
            case FrontendRequest.SetLogFd(var fd) -> log.setFd(fd);
            case FrontendRequest.IotlbMsg message -> iommu.message(message);
            case FrontendRequest.GetInflightFd(var info) -> inflight.create(info);
            case FrontendRequest.SetInflightFd(var info, var fd) -> inflight.adopt(info, fd);
            case FrontendRequest.PostcopyAdvise() -> postcopy.advise();
            case FrontendRequest.PostcopyListen() -> postcopy.listen(memory.hasRegions());
            case FrontendRequest.PostcopyEnd() -> postcopy.end();
            case FrontendRequest.PostcopyMemoryAck(var status) -> acknowledgeMemory(status);
            case FrontendRequest.VringKick(var queue) -> kickInBand(queue);
            case FrontendRequest.SetVringEndian(var queue, var big) -> setEndian(queue, big);
            case FrontendRequest.SetDeviceStateFd(var way, var phase, var fd) -> deviceState.begin(way, phase, fd);
            case FrontendRequest.CheckDeviceState() -> deviceState.check();
            case FrontendRequest.GetVringBaseSkipDrain(var queue) -> stopWithoutDrain(queue);
            case FrontendRequest.Unsupported unsupported -> refuse(unsupported);
        };
    }

    private Reply setFeatures(long features) {
        boolean changed = agreed.acceptFeatures(features, rings.anyStarted());
        if (VirtioFeature.PROTOCOL_FEATURES.in(features)) {
            rings.enableOnRequest();
        } else {
            rings.enableAll();
        }
        ringControl.translateBy(iommu.iotlb());
        log.applyAll();
        ringControl.startWaiting();
        if (changed) {
            lifecycle.featuresChanged(features);
        }
        return Reply.ACK;
    }

    private Reply setProtocolFeatures(long features) {
        agreed.acceptProtocolFeatures(features);
        return Reply.ACK;
    }

    private Reply stopRing(long queue) {
        lifecycle.ringStops(rings.ring(queue));
        return ringControl.stopAndGetBase(queue);
    }

    private Reply stopWithoutDrain(long queue) {
        agreed.require(ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN, "GET_VRING_BASE_SKIP_DRAIN");
        return stopRing(queue);
    }

    private Reply acknowledgeMemory(long status) {
        reader.allowReplies(false);
        return postcopy.acknowledged(status);
    }

    /** Whoever polls the ring sees its buffers without; an application that waits is woken through the kick descriptor only. */
    private Reply kickInBand(long queue) {
        agreed.require(ProtocolFeature.INBAND_NOTIFICATIONS, "VRING_KICK");
        rings.ring(queue);
        return Reply.ACK;
    }

    private Reply setEndian(long queue, long bigEndian) {
        agreed.require(ProtocolFeature.CROSS_ENDIAN, "SET_VRING_ENDIAN");
        rings.ring(queue);
        if (bigEndian != 0) {
            throw new RequestRejectedException(
                    "SET_VRING_ENDIAN: queue=" + queue + ": big-endian rings are not supported");
        }
        return Reply.ACK;
    }

    private Reply disableRings() {
        lifecycle.stop();
        rings.disableAll();
        return Reply.ACK;
    }

    private Reply openBackendChannel(ReceivedFd fd) {
        Reply reply = backendChannel.open(fd);
        iommu.askAgain();
        return reply;
    }

    private Reply setMtu(long mtu) {
        agreed.acceptMtu(mtu);
        return Reply.ACK;
    }

    /** The frame goes to the host, so that its switch learns where the guest is. */
    private Reply sendRarp(long mac) {
        agreed.require(ProtocolFeature.RARP, "SEND_RARP");
        rings.ring(1).queue.injectRarp(mac & MAC_MASK);
        return Reply.ACK;
    }

    private Reply maxMemSlots() {
        agreed.require(ProtocolFeature.CONFIGURE_MEM_SLOTS, "GET_MAX_MEM_SLOTS");
        return new Reply.U64(MemoryControl.MAX_SLOTS);
    }

    private Reply addRegion(FrontendRequest.RegionInfo region, ReceivedFd fd) {
        agreed.require(ProtocolFeature.CONFIGURE_MEM_SLOTS, "ADD_MEM_REG");
        return memory.add(region, fd);
    }

    private Reply removeRegion(FrontendRequest.RegionInfo region) {
        agreed.require(ProtocolFeature.CONFIGURE_MEM_SLOTS, "REM_MEM_REG");
        return memory.remove(region);
    }

    private Reply getStatus() {
        agreed.require(ProtocolFeature.STATUS, "GET_STATUS");
        return new Reply.U64(agreed.status());
    }

    private Reply setStatus(long status) {
        agreed.acceptStatus(status);
        if (status == 0) {
            // some front-ends ask for the rings' positions only after this
            lifecycle.stop();
            ringControl.shutDown();
        }
        return Reply.ACK;
    }

    private Reply resetDevice() {
        agreed.require(ProtocolFeature.RESET_DEVICE, "RESET_DEVICE");
        lifecycle.stop();
        ringControl.reset();
        iommu.reset();
        agreed.reset();
        ringControl.translateBy(null);
        return Reply.ACK;
    }

    private static Reply refuse(FrontendRequest.Unsupported request) {
        throw new RequestRejectedException(request.label() + ": not supported");
    }
}
