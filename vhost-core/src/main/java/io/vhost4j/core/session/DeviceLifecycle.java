// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when the device starts and stops, and tells the application. No ring is paused while a callback runs. Event thread
 * only, but for {@link #running}.
 *
 * <p>The device is ready when its first receive and its first transmit ring run and are enabled, and, if the front-end tells
 * the device status, the driver is ready. A ring need not have been given anything to notify the guest by. A device that the application
 * serves itself is ready when all of its rings are, one that a module of the library serves when any is.
 */
final class DeviceLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceLifecycle.class);

    private final VhostDevice device;
    private final VhostDeviceOps ops;
    private final DeviceKind kind;
    private final SocketState socket;
    private final RingTable rings;
    private final Negotiation agreed;
    private final VdpaControl vdpa;
    private volatile boolean running;
    private boolean connected;

    DeviceLifecycle(VhostDevice device, SessionConfig config, RingTable rings, Negotiation agreed, VdpaControl vdpa) {
        this.device = device;
        ops = config.ops();
        kind = config.kind();
        socket = config.socket();
        this.rings = rings;
        this.agreed = agreed;
        this.vdpa = vdpa;
        vdpa.onFailure(this::restart);
    }

    boolean running() {
        return running;
    }

    void connected() {
        connected = true;
        call("newConnection", () -> ops.newConnection(device));
    }

    /** Starts the device if it has become ready, and reports rings whose state changed. */
    void settle() {
        vdpa.tellStates();
        if (!running) {
            if (!ready()) {
                return;
            }
            start();
        } else if (vdpa.waits() && ready()) {
            handOver();
        }
        for (RingState ring : rings.all()) {
            boolean ready = ring.ready();
            if (ready != ring.reported) {
                ring.reported = ready;
                call("vringStateChanged", () -> ops.vringStateChanged(device, ring.index, ready));
            }
        }
    }

    /** Before a ring stops: stops the device if it cannot do without, otherwise reports the ring. */
    void ringStops(RingState ring) {
        if (stopsWith(ring) || vdpa.wanted()) {
            stop();
        } else if (ring.reported) {
            ring.reported = false;
            call("vringStateChanged", () -> ops.vringStateChanged(device, ring.index, false));
        }
    }

    private boolean stopsWith(RingState ring) {
        return switch (kind) {
            case NET -> ring.index < 2;
            case CHAINS -> rings.all().stream().noneMatch(other -> other != ring && other.ready());
            case APPLICATION -> true;
        };
    }

    void featuresChanged(long features) {
        if (running) {
            call("featuresChanged", () -> ops.featuresChanged(device, features));
        }
    }

    /** Stops the device, if it runs: when this returns, the application uses it no more and burst calls move nothing. */
    void stop() {
        if (!running) {
            return;
        }
        running = false;
        try {
            vdpa.close();
            call("destroyDevice", () -> ops.destroyDevice(device));
        } finally {
            rings.setActive(false);
            for (RingState ring : rings.all()) {
                ring.reported = false;
            }
        }
    }

    /** Stops the device and ends the connection. Does not throw: what a callback throws is logged. */
    void disconnected() {
        try {
            stop();
        } catch (CallbackFailedException e) {
            LOG.error("{}: {}", device.getIfname(), e.getMessage(), e);
        }
        vdpa.cleanup();
        if (connected) {
            connected = false;
            try {
                call("destroyConnection", () -> ops.destroyConnection(device));
            } catch (CallbackFailedException e) {
                LOG.error("{}: {}", device.getIfname(), e.getMessage(), e);
            }
        }
    }

    private boolean ready() {
        boolean ready = switch (kind) {
            case NET -> rings.isReady(0) && rings.isReady(1);
            case CHAINS -> rings.all().stream().anyMatch(RingState::ready);
            case APPLICATION -> rings.count() > 0 && rings.all().stream().allMatch(RingState::ready);
        };
        return ready && agreed.driverReady();
    }

    private void start() {
        String change = socket.features().change(agreed.features());
        if (change != null && socket.throttle().permits()) {
            LOG.warn(
                    "{}: vid={}: other features than the device before on this socket: {}; a guest that has not"
                            + " noticed a reconnection needs the same",
                    device.getIfname(),
                    device.vid(),
                    change);
        }
        rings.setActive(kind.servedHere() && !vdpa.wanted());
        running = true;
        try {
            call("newDevice", () -> ops.newDevice(device));
        } catch (CallbackFailedException e) {
            running = false;
            rings.setActive(false);
            throw e;
        }
        if (vdpa.wanted()) {
            handOver();
        }
    }

    /** Has the vDPA device serve, or the library if it does not. */
    private void handOver() {
        if (!vdpa.configure()) {
            restart();
        }
    }

    /** Another shall serve the rings: for the application the device ends, and starts again. */
    private void restart() {
        stop();
        settle();
    }

    /** Another vDPA device was attached to the socket, or it was detached. */
    void vdpaChanged() {
        if (!vdpa.differs()) {
            return;
        }
        stop();
        vdpa.takeAttached();
        settle();
    }

    private static void call(String name, Runnable callback) {
        try {
            callback.run();
        } catch (Throwable t) {
            throw new CallbackFailedException(name, t);
        }
    }
}
