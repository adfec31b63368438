// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.VhostDevice;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.protocol.FrontendRequest;
import io.vhost4j.core.protocol.FrontendRequest.RingAddresses;
import io.vhost4j.vdpa.VdpaDevice;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands the rings of a session to a vDPA device and takes them back. The rings stay set up here meanwhile, but inactive; when they come
 * back, they start anew where the device stopped. What a device throws never ends the session: it makes the library serve. Event
 * thread only, but for {@link #target}.
 */
final class VdpaControl {
    private static final Logger LOG = LoggerFactory.getLogger(VdpaControl.class);

    private static final int SPLIT_POSITION = 0xffff;

    private final VhostDevice device;
    private final SessionConfig config;
    private final RingTable rings;
    private final RingControl ringControl;
    private final Negotiation agreed;
    private final EventLoop loop;

    /** What shall serve, null if the library shall. */
    private volatile @Nullable VdpaAttachment target;
    /** What serves. */
    private @Nullable VdpaDevice serving;
    /** What is done when it has failed. */
    private Runnable onFailure = () -> {};

    VdpaControl(
            VhostDevice device,
            SessionConfig config,
            RingTable rings,
            RingControl ringControl,
            Negotiation agreed,
            EventLoop loop) {
        this.device = device;
        this.config = config;
        this.rings = rings;
        this.ringControl = ringControl;
        this.agreed = agreed;
        this.loop = loop;
        target = config.socket().vdpa().attached();
    }

    void onFailure(Runnable action) {
        onFailure = action;
    }

    /** The device that shall serve the rings, or null. Any thread. */
    @Nullable
    VdpaDevice target() {
        VdpaAttachment wanted = target;
        return wanted == null ? null : wanted.device();
    }

    /** Whether a device shall serve. */
    boolean wanted() {
        return target != null;
    }

    /** Whether a device serves now. */
    boolean serves() {
        return serving != null;
    }

    /** Whether a device shall serve and does not yet. */
    boolean waits() {
        return target != null && serving == null;
    }

    /** Whether the socket has another device now, which can serve this session. */
    boolean differs() {
        VdpaAttachment next = config.socket().vdpa().attached();
        return !Objects.equals(next, target) && (next == null || canServe(next));
    }

    /** Takes what is attached to the socket now; while no device serves. */
    void takeAttached() {
        VdpaAttachment next = config.socket().vdpa().attached();
        rings.all().forEach(ring -> ring.toldDevice = false);
        target = next;
        if (next != null && agreed.featuresSet()) {
            featuresSet();
        }
    }

    /** Whether what was negotiated with the front-end can be kept. */
    private boolean canServe(VdpaAttachment next) {
        long missing = agreed.features() & ~next.features();
        if (missing != 0 || rings.count() > 2 * next.queuePairs()) {
            LOG.warn(
                    "{}: vid={}: {} cannot take over: features {} are in use and not its own, or of {} rings it has {}",
                    device.getIfname(),
                    device.vid(),
                    next.device().identity().name(),
                    VirtioFeature.setOf(missing),
                    rings.count(),
                    2 * next.queuePairs());
            return false;
        }
        return true;
    }

    /** The front-end chose features. */
    void featuresSet() {
        VdpaDevice to = target();
        if (to != null) {
            guarded("setFeatures", to, () -> to.setFeatures(device));
        }
    }

    /** Tells of rings that became ready, or are it no more. */
    void tellStates() {
        VdpaDevice to = target();
        if (to == null) {
            return;
        }
        for (RingState ring : rings.all()) {
            boolean ready = ring.ready();
            if (ready != ring.toldDevice) {
                ring.toldDevice = ready;
                guarded("setVringState", to, () -> to.setVringState(device, ring.index, ready));
            }
        }
    }

    /** The descriptor that the guest is notified by was replaced. */
    void callReplaced(int queue) {
        VdpaDevice to = serving;
        if (to != null && rings.ring(queue).toldDevice) {
            guarded("setVringCall", to, () -> to.setVringCall(device, queue));
        }
    }

    /**
     * The guest runs here after a migration.
     *
     * @return false if no device serves it
     */
    boolean migrationDone() {
        VdpaDevice to = serving;
        if (to != null) {
            guarded("migrationDone", to, () -> to.migrationDone(device));
        }
        return to != null;
    }

    /**
     * Hands the rings over.
     *
     * @return false if the device does not take them; it is wanted no more then
     */
    boolean configure() {
        VdpaDevice to = target();
        if (to == null) {
            return false;
        }
        rings.all().forEach(ring -> ring.queue.askForNotification());
        try {
            to.onFailure(reason -> loop.execute(() -> failed(to, reason)));
            to.devConf(device);
        } catch (RuntimeException | InternalError e) {
            to.onFailure(null);
            target = null;
            config.counters().vdpaFailure();
            LOG.warn(
                    "{}: vid={}: {} cannot serve, the library does: {}",
                    device.getIfname(),
                    device.vid(),
                    to.identity().name(),
                    e.getMessage());
            takeBack(false);
            return false;
        }
        serving = to;
        return true;
    }

    /** Takes the rings back, if the device has them. */
    void close() {
        VdpaDevice from = serving;
        if (from == null) {
            return;
        }
        try {
            from.onFailure(null);
            from.devClose(device);
        } catch (RuntimeException | InternalError e) {
            config.counters().vdpaFailure();
            LOG.warn(
                    "{}: vid={}: {} did not stop in good order: {}",
                    device.getIfname(),
                    device.vid(),
                    from.identity().name(),
                    e.getMessage(),
                    e);
        }
        takeBack(true);
        serving = null;
    }

    /** The connection has ended. */
    void cleanup() {
        VdpaDevice to = target();
        if (to != null) {
            guarded("devCleanup", to, () -> to.devCleanup(device));
        }
    }

    /** Takes the rings back before a request that changes what the device was told. */
    boolean suspendFor(FrontendRequest request) {
        if (serving == null || !disturbs(request)) {
            return false;
        }
        close();
        return true;
    }

    private boolean disturbs(FrontendRequest request) {
        return switch (request) {
            case FrontendRequest.SetMemTable r -> true;
            case FrontendRequest.AddMemReg r -> true;
            case FrontendRequest.RemMemReg r -> true;
            case FrontendRequest.PostcopyMemoryAck r -> true;
            case FrontendRequest.SetVringBase r -> true;
            case FrontendRequest.SetVringKick r -> true;
            case FrontendRequest.SetVringAddr(var queue, var at) -> moves(queue, at);
            case FrontendRequest.SetLogBase r -> VirtioFeature.LOG_ALL.in(agreed.features());
            default -> false;
        };
    }

    private boolean moves(long queue, RingAddresses at) {
        RingAddresses now = rings.ring(queue).addresses;
        return now == null || now.desc() != at.desc() || now.driver() != at.driver() || now.device() != at.device();
    }

    private void failed(VdpaDevice by, String reason) {
        if (by.equals(serving)) {
            config.counters().vdpaFailure();
            LOG.warn(
                    "{}: vid={}: {} has failed, the library goes on: {}",
                    device.getIfname(),
                    device.vid(),
                    by.identity().name(),
                    reason);
            close();
            target = null;
            onFailure.run();
        }
    }

    /** Starts all rings anew where the device stopped. */
    private void takeBack(boolean hadServed) {
        for (RingState ring : rings.all()) {
            if (!ring.queue.started()) {
                continue;
            }
            if (agreed.packed() && hadServed && !ring.queue.servedElsewhere()) {
                ringControl.lost(ring, "lost: the vDPA device did not tell where it stopped");
                continue;
            }
            // a split ring goes on behind what is used in memory, whatever else the device says
            int base = agreed.packed() ? ring.queue.base() : ring.queue.base() & SPLIT_POSITION;
            try {
                ringControl.setBase(ring.index, base);
            } catch (RequestRejectedException e) {
                ringControl.lost(ring, "lost: the vDPA device stopped where it cannot be: " + e.getMessage());
            }
        }
    }

    private void guarded(String operation, VdpaDevice to, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | InternalError e) {
            LOG.warn(
                    "{}: vid={}: {} of {}: {}",
                    device.getIfname(),
                    device.vid(),
                    operation,
                    to.identity().name(),
                    e.getMessage(),
                    e);
            if (to.equals(serving)) {
                loop.execute(() -> failed(to, operation + " failed: " + e.getMessage()));
            }
        }
    }
}
