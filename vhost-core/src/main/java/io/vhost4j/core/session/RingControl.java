// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.RecoveryPolicy;
import io.vhost4j.VhostException;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.Iotlb;
import io.vhost4j.core.protocol.BackendCode;
import io.vhost4j.core.protocol.FrontendRequest.RingAddresses;
import io.vhost4j.core.protocol.ReceivedFd;
import io.vhost4j.core.ring.RingFault;
import io.vhost4j.core.ring.RingSetup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests about rings. A ring starts when SET_VRING_KICK has arrived and, in whatever order, size, addresses, features and
 * the memory that holds it; it stops at GET_VRING_BASE. Event thread only.
 */
final class RingControl {
    private static final Logger LOG = LoggerFactory.getLogger(RingControl.class);

    /** Where a packed ring starts that was never served: position 0, wrap counters 1. */
    private static final int PACKED_START = 0x8000_8000;

    private final String name;
    private final Counters counters;
    private final LogThrottle throttle;
    private final RingTable rings;
    private final Negotiation agreed;
    private final LogControl log;
    private final InflightControl inflight;
    private final RecoveryPolicy recovery;
    private final DeviceKind kind;
    private final BackendChannel channel;
    private GuestMemory memory = GuestMemory.EMPTY;
    private @Nullable Iotlb iotlb;

    RingControl(
            SessionConfig config,
            RingTable rings,
            Negotiation agreed,
            LogControl log,
            InflightControl inflight,
            BackendChannel channel) {
        this.channel = channel;
        name = config.ifname();
        counters = config.counters();
        recovery = config.recovery();
        kind = config.kind();
        throttle = config.throttle();
        this.rings = rings;
        this.agreed = agreed;
        this.log = log;
        this.inflight = inflight;
    }

    /** From now on addresses are translated by {@code translations}, or if that is null they are what they are. */
    void translateBy(@Nullable Iotlb translations) {
        iotlb = translations;
    }

    /** Takes rings off addresses that are not known any more: they stop, and start again when they are. */
    void translationsChanged() {
        rings.pauseAll();
        try {
            memoryChanged(memory);
        } finally {
            rings.resumeAll();
        }
    }

    /** Starts rings that waited for something. */
    void startWaiting() {
        for (RingState ring : rings.all()) {
            startIfPossible(ring);
        }
    }

    Reply setSize(long queue, long size) {
        RingState ring = rings.ring(queue);
        if (size < 1 || size > RingPlacement.MAX_SIZE) {
            throw new RequestRejectedException(
                    "queue=" + queue + ", size=" + size + ": must be 1 to " + RingPlacement.MAX_SIZE);
        }
        if (ring.queue.started() && size != ring.size) {
            throw new RequestRejectedException("queue=" + queue + ", size=" + size + ": the ring runs with size "
                    + ring.size + "; stop it by GET_VRING_BASE first");
        }
        ring.size = (int) size;
        startIfComplete(ring);
        return Reply.ACK;
    }

    Reply setAddresses(long queue, RingAddresses addresses) {
        RingState ring = rings.ring(queue);
        RingPlacement.checkAlignment(ring.index, addresses);
        if (ring.queue.started()) {
            RingSetup setup = RingPlacement.place(ring, addresses, agreed, memory, iotlb);
            ring.addresses = addresses;
            ring.queue.pause();
            try {
                move(ring, setup);
            } finally {
                ring.queue.resume();
            }
        } else {
            ring.addresses = addresses;
            startIfComplete(ring);
        }
        return Reply.ACK;
    }

    /** Sets the position; a running ring goes on from there. */
    Reply setBase(long queue, long base) {
        RingState ring = rings.ring(queue);
        if (kind == DeviceKind.CHAINS) {
            agreed.lookAtBase(base);
        }
        boolean running = ring.queue.started();
        if (running) {
            ring.stop();
        }
        ring.base = (int) base;
        startIfComplete(ring);
        return Reply.ACK;
    }

    /** Stops the ring; the application has been told before. */
    Reply stopAndGetBase(long queue) {
        RingState ring = rings.ring(queue);
        ring.shutDown();
        return new Reply.State(ring.index, ring.base);
    }

    Reply kick(int queue, @Nullable ReceivedFd fd) {
        RingState ring = rings.ring(queue);
        ring.kick.give(eventFd(ring, "SET_VRING_KICK", fd));
        ring.kicked = true;
        if (kind == DeviceKind.CHAINS && !ring.enableGiven) {
            // QEMU negotiates protocol features for a crypto device and then never enables its rings
            ring.setEnabled(true);
        }
        startIfComplete(ring);
        return Reply.ACK;
    }

    /** A notification of the guest as a message; it starts the ring like SET_VRING_KICK. */
    Reply kickInBand(long queue, long reserved) {
        agreed.require(ProtocolFeature.INBAND_NOTIFICATIONS, "VRING_KICK");
        RingState ring = rings.ring(queue);
        if (reserved != 0) {
            throw new RequestRejectedException(
                    "VRING_KICK: queue=" + queue + ", number=" + reserved + ": is reserved, must be 0");
        }
        ring.kicked = true;
        startIfComplete(ring);
        ring.kick.byMessage();
        return Reply.ACK;
    }

    Reply call(int queue, @Nullable ReceivedFd fd) {
        RingState ring = rings.ring(queue);
        EventFd event = eventFd(ring, "SET_VRING_CALL", fd);
        ring.callGiven = true;
        ring.replaceCall(event, false);
        return Reply.ACK;
    }

    Reply err(int queue, @Nullable ReceivedFd fd) {
        RingState ring = rings.ring(queue);
        ring.replaceErr(eventFd(ring, "SET_VRING_ERR", fd));
        return Reply.ACK;
    }

    Reply enable(long queue, long enable) {
        RingState ring = rings.ring(queue);
        if (enable != 0 && enable != 1) {
            throw new RequestRejectedException(
                    "SET_VRING_ENABLE: queue=" + queue + ", enable=" + enable + ": is 0 or 1");
        }
        ring.enableGiven = true;
        ring.setEnabled(enable == 1);
        return Reply.ACK;
    }

    /**
     * Moves all rings to other memory: those that it does not hold stop, those that waited for it start. Call with all rings
     * paused.
     */
    void memoryChanged(GuestMemory next) {
        memory = next;
        for (RingState ring : rings.all()) {
            RingAddresses at = ring.addresses;
            if (ring.queue.started() && at != null) {
                move(ring, placeOrNull(ring, at));
            } else {
                startPaused(ring);
            }
        }
    }

    /** A burst call found the ring broken, and told the front-end. */
    void broken(int queue, RingFault fault, long value) {
        counters.ringBroken();
        warn(queue, "stopped: " + fault.text() + " (value 0x" + Long.toHexString(value) + ")");
        RingState ring = rings.ring(queue);
        if (!ring.hasErr()) {
            tellByMessage(ring);
        }
    }

    /** A ring cannot go on. */
    void lost(RingState ring, String text) {
        ring.stop();
        fail(ring, text);
    }

    /** Stops all rings; what remains known of them is size, position and whether they are enabled. */
    void shutDown() {
        for (RingState ring : rings.all()) {
            ring.shutDown();
        }
    }

    /** Stops all rings and forgets all about them. */
    void reset() {
        shutDown();
        for (RingState ring : rings.all()) {
            ring.size = 0;
            ring.base = 0;
        }
        rings.disableAll();
    }

    /** At the end of the session. */
    void close() {
        reset();
        for (RingState ring : rings.all()) {
            ring.end();
        }
    }

    /** Counts and logs that a ring cannot be served, and tells the front-end, in whichever way it wants to be told. */
    private void fail(RingState ring, String text) {
        counters.ringBroken();
        warn(ring.index, text);
        if (!ring.signalError()) {
            tellByMessage(ring);
        }
    }

    private void warn(int queue, String text) {
        if (throttle.permits()) {
            LOG.warn("{}: ring {} {}", name, queue, text);
        }
    }

    private void tellByMessage(RingState ring) {
        if (agreed.inBand()) {
            channel.aboutRing(BackendCode.VRING_ERR, ring.index);
        }
    }

    private static @Nullable EventFd eventFd(RingState ring, String request, @Nullable ReceivedFd fd) {
        if (fd == null) {
            return null;
        }
        try {
            return EventFd.adopt(fd.adopt());
        } catch (IllegalArgumentException e) {
            throw new RequestRejectedException(request + ": queue=" + ring.index + ": " + e.getMessage());
        }
    }

    private boolean complete(RingState ring) {
        return ring.kicked && ring.size > 0 && ring.addresses != null && agreed.featuresSet() && !ring.queue.started();
    }

    /** Starts the ring if all is known; throws if what is known cannot be right. */
    private void startIfComplete(RingState ring) {
        RingAddresses at = ring.addresses;
        if (at == null || !complete(ring)) {
            return;
        }
        RingSetup setup = RingPlacement.place(ring, at, agreed, memory, iotlb);
        if (setup == null) {
            LOG.debug("{}: ring {} waits for memory that holds it", name, ring.index);
            return;
        }
        ring.queue.pause();
        try {
            begin(ring, setup);
        } finally {
            ring.queue.resume();
        }
    }

    /** Starts a paused ring. */
    private void begin(RingState ring, RingSetup setup) {
        ring.queue.start(setup, memory, iotlb);
        ring.queue.setCallByMessage(agreed.inBand() && !ring.callGiven);
        if (recovery == RecoveryPolicy.REPLAY_IN_ORDER || !agreed.basesMayDiffer()) {
            resumeAtUsed(ring, setup.base());
        }
        try {
            int recovered = inflight.apply(ring);
            if (recovered > 0) {
                LOG.info("{}: ring {} goes on with {} chains that were in flight", name, ring.index, recovered);
            }
        } catch (VhostException e) {
            ring.queue.stop();
            throw new RequestRejectedException("queue=" + ring.index + ": " + e.getMessage());
        }
        if (recovery == RecoveryPolicy.DROP && !ring.served) {
            ring.queue.discardOutstanding(agreed.packed() ? PACKED_START : 0);
        }
        ring.served = true;
        ring.started(setup);
        log.apply(ring);
    }

    /**
     * Nothing is in flight, so a split ring's index in memory is its position. Front-ends that do not keep it (virtio-user)
     * send 0 after a reconnection.
     */
    private void resumeAtUsed(RingState ring, int base) {
        int position = ring.queue.resumeAtUsed();
        if (position != base && throttle.permitsNews()) {
            LOG.info("{}: ring {} goes on at {}, not at {}: so far it was used", name, ring.index, position, base);
        }
    }

    /** As above on behalf of a request that is not about this ring. */
    private void startIfPossible(RingState ring) {
        try {
            startIfComplete(ring);
        } catch (RequestRejectedException e) {
            refuse(ring, e);
        }
    }

    private void startPaused(RingState ring) {
        RingAddresses at = ring.addresses;
        if (at != null && complete(ring)) {
            RingSetup setup = placeOrNull(ring, at);
            if (setup != null) {
                beginOrRefuse(ring, setup);
            }
        }
    }

    private void beginOrRefuse(RingState ring, RingSetup setup) {
        try {
            begin(ring, setup);
        } catch (RequestRejectedException e) {
            refuse(ring, e);
        }
    }

    private void move(RingState ring, @Nullable RingSetup to) {
        if (to != null) {
            ring.queue.remap(memory, to.desc(), to.driver(), to.device());
            ring.moved(to);
            log.apply(ring);
            return;
        }
        ring.base = ring.queue.stop();
        if (iotlb != null) {
            LOG.debug("{}: ring {} waits for its addresses", name, ring.index);
            return;
        }
        fail(ring, "stopped: " + RingFault.UNMAPPED.text());
    }

    private @Nullable RingSetup placeOrNull(RingState ring, RingAddresses at) {
        try {
            return RingPlacement.place(ring, at, agreed, memory, iotlb);
        } catch (RequestRejectedException e) {
            refuse(ring, e);
            return null;
        }
    }

    private void refuse(RingState ring, RequestRejectedException why) {
        fail(ring, "cannot start: " + why.getMessage());
    }
}
