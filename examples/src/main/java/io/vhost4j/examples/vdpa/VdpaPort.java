// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.vdpa;

import io.vhost4j.DriverFlag;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.VhostDriver;
import io.vhost4j.VirtioFeature;
import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.Output;
import io.vhost4j.vdpa.VdpaBus;
import io.vhost4j.vdpa.VdpaBusDriver;
import io.vhost4j.vdpa.VdpaDevice;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A device and the socket it is given to. */
final class VdpaPort implements VhostDeviceOps, AutoCloseable {
    private final VdpaBus bus;
    private final String name;
    private final Path socket;
    private final Output output;
    private final boolean json;
    private final @Nullable EchoFallback fallback;
    private final VhostDriver driver;
    private volatile @Nullable VhostDevice device;

    /**
     * Opens a device, and claims its socket.
     *
     * @throws io.vhost4j.VhostException if one of the two cannot be had; then the other is given back
     */
    VdpaPort(VdpaBus bus, VdpaSettings settings, int number, Output output, boolean json) {
        this.bus = bus;
        this.output = output;
        this.json = json;
        socket = settings.sockets().get(number);
        driver = VhostDriver.register(
                socket, settings.client() ? new DriverFlag[] {DriverFlag.CLIENT} : new DriverFlag[0]);
        String opened = null;
        try {
            driver.callbackRegister(this);
            opened = bus.add(settings.devices().get(number)).identity().name();
            fallback = settings.echo() ? new EchoFallback() : null;
            name = opened;
        } catch (RuntimeException e) {
            driver.close();
            if (opened != null) {
                bus.delete(opened);
            }
            throw e;
        }
    }

    void start() {
        attach();
        driver.start();
        if (json) {
            output.json(Json.event("listening").put("socket", socket.toString()).put("device", name));
        } else {
            output.line(socket + ": serves " + name + "; Ctrl-C ends");
        }
    }

    String name() {
        return name;
    }

    Path socket() {
        return socket;
    }

    VdpaDevice hardware() {
        VdpaDevice found = bus.findDeviceByName(name);
        if (found == null) {
            throw new IllegalStateException(name + " is not on the bus any more");
        }
        return found;
    }

    /** Has the device serve. */
    void attach() {
        bus.bind(name, VdpaBusDriver.vhost(driver));
    }

    /** Has the library serve. */
    void detach() {
        bus.unbind(name);
    }

    /** Who serves the rings now: the device's name, {@code library}, or {@code nobody}. */
    String server() {
        VhostDevice now = device;
        if (now == null) {
            return "nobody";
        }
        return now.getVdpaDevice() == null ? "library" : name;
    }

    long echoed() {
        EchoFallback software = fallback;
        return software == null ? 0 : software.echoed();
    }

    /** Rings that the front-end has named. */
    int rings() {
        VhostDevice now = device;
        return now == null ? 0 : now.getVringNum();
    }

    @Override
    public void newDevice(VhostDevice added) {
        device = added;
        boolean byDevice = added.getVdpaDevice() != null;
        if (!byDevice && fallback != null) {
            fallback.begin(added);
        }
        long features = added.getNegotiatedFeatures();
        String ring = VirtioFeature.RING_PACKED.in(features) ? "packed" : "split";
        if (json) {
            output.json(Json.event("device_up")
                    .put("socket", socket.toString())
                    .put("vid", added.vid())
                    .put("features", String.format(Locale.ROOT, "0x%x", features))
                    .put("ring", ring)
                    .put("server", server()));
        } else {
            output.line(socket + ": device " + added.vid() + " up, " + ring + " rings, served by " + server());
        }
    }

    @Override
    public void destroyDevice(VhostDevice removed) {
        if (fallback != null) {
            fallback.end();
        }
        device = null;
        if (json) {
            output.json(
                    Json.event("device_down").put("socket", socket.toString()).put("vid", removed.vid()));
        } else {
            output.line(socket + ": device " + removed.vid() + " down");
        }
    }

    @Override
    public void close() {
        driver.close();
        if (fallback != null) {
            fallback.close();
        }
        if (bus.findDeviceByName(name) != null) {
            bus.unbind(name);
            bus.delete(name);
        }
    }
}
