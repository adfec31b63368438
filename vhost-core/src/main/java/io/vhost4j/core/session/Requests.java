// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.VhostUserShmem;
import io.vhost4j.core.protocol.FrontendRequest;
import io.vhost4j.core.protocol.LimitExceededException;
import io.vhost4j.core.protocol.ReceivedFd;
import java.lang.foreign.Arena;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Does what the front-end asks for: the parts of a session, and which of them each request is for. Event thread only. */
final class Requests {
    private static final long MAC_MASK = 0xffff_ffff_ffffL;

    private final SessionConfig config;
    final Negotiation agreed;
    final RingTable rings;
    final RingControl ringControl;
    final MemoryControl memory;
    final DeviceLifecycle lifecycle;
    final VdpaControl vdpa;
    final BackendChannel backendChannel;
    final LogControl log;
    final InflightControl inflight;
    final PostcopyControl postcopy;
    final ExternMessages extern;
    private final ConfigSpace configSpace;
    private final IommuControl iommu;
    private final DeviceState deviceState;
    private final int maxQueuePairs;
    private boolean established;

    Requests(DeviceImpl device, SessionConfig config, EventLoop loop, QueueEvents events) {
        this.config = config;
        VdpaAttachment attached = config.socket().vdpa().attached();
        agreed = attached == null
                ? new Negotiation(config.features(), config.protocolFeatures())
                : new Negotiation(
                        attached.offered(config.features()), attached.offeredProtocol(config.protocolFeatures()));
        maxQueuePairs =
                attached == null ? config.maxQueuePairs() : Math.min(config.maxQueuePairs(), attached.queuePairs());
        rings = new RingTable(events, config.net(), config.kind(), 2 * maxQueuePairs);
        log = new LogControl(config.ifname(), rings, agreed, config.limits().logBytes());
        inflight = new InflightControl(
                agreed, rings, config.limits().inflightBytes(), config.kind().servedHere());
        backendChannel = new BackendChannel(config, agreed, loop);
        ringControl = new RingControl(config, rings, agreed, log, inflight, backendChannel);
        postcopy = new PostcopyControl(agreed);
        memory = new MemoryControl(rings, ringControl, postcopy, config.limits(), agreed);
        vdpa = new VdpaControl(device, config, rings, ringControl, agreed, loop);
        lifecycle = new DeviceLifecycle(device, config, rings, agreed, vdpa);
        extern = new ExternMessages(device);
        configSpace = new ConfigSpace(device, config.ops(), agreed, vdpa);
        iommu = new IommuControl(agreed, backendChannel, loop, ringControl);
        deviceState = new DeviceState(agreed);
    }

    /** Whether the front-end has begun to negotiate. */
    boolean established() {
        return established;
    }

    /** Gives back all that the front-end has given, after the application was told. */
    void release() {
        ringControl.close();
        memory.release();
        log.release();
        inflight.release();
        deviceState.close();
        backendChannel.close("the session has ended");
    }

    private int heldFds() {
        return rings.heldFds()
                + log.heldFds()
                + postcopy.heldFds()
                + deviceState.heldFds()
                + (backendChannel.isOpen() ? 1 : 0);
    }

    private void checkFds(FrontendRequest request) {
        boolean keepsOne = switch (request) {
            case FrontendRequest.SetVringKick(var queue, var fd) -> fd != null;
            case FrontendRequest.SetVringCall(var queue, var fd) -> fd != null;
            case FrontendRequest.SetVringErr(var queue, var fd) -> fd != null;
            case FrontendRequest.SetBackendReqFd r -> true;
            case FrontendRequest.SetLogFd r -> true;
            case FrontendRequest.SetDeviceStateFd r -> true;
            case FrontendRequest.PostcopyAdvise r -> true;
            default -> false;
        };
        if (keepsOne && heldFds() >= config.limits().fileDescriptors()) {
            throw new LimitExceededException(
                    request + ": " + heldFds() + " file descriptors are kept already, that is the limit");
        }
    }

    /**
     * Does what a request asks for.
     *
     * @throws VhostException if it cannot be done; then nothing has changed
     */
    Reply handle(FrontendRequest request) {
        checkFds(request);
        boolean suspended = vdpa.suspendFor(request);
        try {
            return dispatch(request);
        } catch (RuntimeException e) {
            if (suspended) {
                lifecycle.settle();
            }
            throw e;
        }
    }

    private Reply dispatch(FrontendRequest request) {
        return switch (request) {
            case FrontendRequest.GetFeatures() -> new Reply.U64(agreed.offered());
            case FrontendRequest.SetFeatures(var features) -> setFeatures(features);
            case FrontendRequest.SetOwner() -> setOwner();
            case FrontendRequest.ResetOwner() -> disableRings();
            case FrontendRequest.SetMemTable(var regions, var fds) -> memory.replaceAll(regions, fds);
            case FrontendRequest.SetVringNum(var queue, var size) -> ringControl.setSize(queue, size);
            case FrontendRequest.SetVringAddr(var queue, var at) -> ringControl.setAddresses(queue, at);
            case FrontendRequest.SetVringBase(var queue, var base) -> ringControl.setBase(queue, base);
            case FrontendRequest.GetVringBase(var queue) -> stopRing(queue);
            case FrontendRequest.SetVringKick(var queue, var fd) -> ringControl.kick(queue, fd);
            case FrontendRequest.SetVringCall(var queue, var fd) -> setCall(queue, fd);
            case FrontendRequest.SetVringErr(var queue, var fd) -> ringControl.err(queue, fd);
            case FrontendRequest.GetProtocolFeatures() -> new Reply.U64(agreed.offeredProtocol());
            case FrontendRequest.SetProtocolFeatures(var features) -> setProtocolFeatures(features);
            case FrontendRequest.GetQueueNum() -> new Reply.U64(queues());
            case FrontendRequest.SetVringEnable(var queue, var enable) -> ringControl.enable(queue, enable);
            case FrontendRequest.SendRarp(var mac) -> sendRarp(mac);
            case FrontendRequest.NetSetMtu(var mtu) -> setMtu(mtu);
            case FrontendRequest.SetBackendReqFd(var fd) -> openBackendChannel(fd);
            case FrontendRequest.GetConfig read -> configSpace.read(read);
            case FrontendRequest.SetConfig write -> configSpace.write(write);
            case FrontendRequest.GetSharedObject() -> sharedObject();
            case FrontendRequest.GetShmemConfig() -> sharedMemory();
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
            case FrontendRequest.PostcopyMemoryAck(var status) -> postcopy.acknowledged(status);
            case FrontendRequest.VringKick(var queue, var reserved) -> ringControl.kickInBand(queue, reserved);
            case FrontendRequest.SetVringEndian(var queue, var big) -> setEndian(queue, big);
            case FrontendRequest.SetDeviceStateFd(var way, var phase, var fd) ->
                deviceState.begin(way, phase, fd, rings.anyStarted());
            case FrontendRequest.CheckDeviceState() -> deviceState.check();
            case FrontendRequest.GetVringBaseSkipDrain(var queue) -> stopWithoutDrain(queue);
            case FrontendRequest.Unsupported unsupported -> refuse(unsupported);
        };
    }

    /** A network device counts pairs, others count rings. */
    private int queues() {
        return config.kind() == DeviceKind.NET ? maxQueuePairs : 2 * maxQueuePairs;
    }

    private Reply setOwner() {
        established = true;
        return Reply.ACK;
    }

    private Reply setFeatures(long features) {
        established = true;
        boolean changed = agreed.acceptFeatures(features, rings.anyStarted());
        if (VirtioFeature.PROTOCOL_FEATURES.in(features)) {
            rings.enableOnRequest();
        } else {
            rings.enableAll();
        }
        ringControl.translateBy(iommu.iotlb());
        log.applyAll();
        ringControl.startWaiting();
        vdpa.featuresSet();
        if (changed) {
            lifecycle.featuresChanged(features);
        }
        return Reply.ACK;
    }

    private Reply setCall(int queue, @Nullable ReceivedFd fd) {
        Reply reply = ringControl.call(queue, fd);
        vdpa.callReplaced(queue);
        return reply;
    }

    private Reply setProtocolFeatures(long features) {
        agreed.acceptProtocolFeatures(features, rings.anyStarted());
        return Reply.ACK;
    }

    private Reply stopRing(long queue) {
        lifecycle.ringStops(rings.ring(queue));
        return ringControl.stopAndGetBase(queue);
    }

    private Reply stopWithoutDrain(long queue) {
        agreed.require(ProtocolFeature.INFLIGHT_SHMFD, "GET_VRING_BASE_SKIP_DRAIN");
        agreed.require(ProtocolFeature.GET_VRING_BASE_INFLIGHT, "GET_VRING_BASE_SKIP_DRAIN");
        agreed.require(ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN, "GET_VRING_BASE_SKIP_DRAIN");
        return stopRing(queue);
    }

    /** Objects are the application's, which answers itself: without it there is none, and none is sent. */
    private Reply sharedObject() {
        agreed.require(ProtocolFeature.SHARED_OBJECT, "GET_SHARED_OBJECT");
        return new Reply.Empty();
    }

    /** Regions are the application's, which answers itself: without it there are none. */
    private Reply sharedMemory() {
        agreed.require(ProtocolFeature.SHMEM, "GET_SHMEM_CONFIG");
        return new Reply.Raw(Arena.ofAuto().allocate(VhostUserShmem.REGIONS_BYTES, Long.BYTES), List.of());
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
        if (!vdpa.migrationDone()) {
            RingState ring = rings.ring(1);
            ring.queue.injectRarp(mac & MAC_MASK);
            ring.kick.changed();
        }
        return Reply.ACK;
    }

    private Reply maxMemSlots() {
        agreed.require(ProtocolFeature.CONFIGURE_MEM_SLOTS, "GET_MAX_MEM_SLOTS");
        return new Reply.U64(config.limits().memoryRegions());
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
