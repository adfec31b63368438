// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.VhostDevice;
import io.vhost4j.VirtioFeature;
import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.Machine;
import io.vhost4j.examples.cli.Output;
import io.vhost4j.examples.cli.Units;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/** Tells what happens, as lines of text or JSON. Any thread may call it. */
final class ForwardEvents {
    private final String command;
    private final Output output;
    private final boolean json;
    private final AtomicLong errors = new AtomicLong();

    ForwardEvents(String command, Output output, boolean json) {
        this.command = command;
        this.output = output;
        this.json = json;
    }

    long errors() {
        return errors.get();
    }

    void listening(ForwardSettings settings) {
        String role = settings.isClient() ? "client" : "server";
        String mode = settings.mode().name().toLowerCase(Locale.ROOT);
        var sockets = settings.sockets().stream().map(Object::toString).toList();
        if (json) {
            output.json(Json.event("listening")
                    .putStrings("sockets", sockets)
                    .put("mode", mode)
                    .put("role", role));
        } else {
            String what = settings.isClient() ? "connecting to " : "listening on ";
            String how = settings.onEnter() ? "; Enter starts, Ctrl-C ends" : "; Ctrl-C ends";
            output.line(what + String.join(", ", sockets) + ", mode " + mode + how);
        }
    }

    /** Packets may move that waited for Enter. */
    void released() {
        if (json) {
            output.json(Json.event("started"));
        } else {
            output.line("started");
        }
    }

    void deviceUp(Port port, VhostDevice device) {
        long features = device.getNegotiatedFeatures();
        String ring = VirtioFeature.RING_PACKED.in(features) ? "packed" : "split";
        int pairs = Math.max(1, device.getVringNum() / 2);
        if (json) {
            output.json(Json.event("device_up")
                    .put("socket", port.socket())
                    .put("vid", device.vid())
                    .put("features", String.format(Locale.ROOT, "0x%x", features))
                    .put("queues", pairs)
                    .put("ring", ring)
                    .put("mtu", device.getMtu()));
        } else {
            output.line(port.socket() + ": device " + device.vid() + " up, " + ring + " rings, " + pairs
                    + (pairs == 1 ? " queue pair" : " queue pairs") + mtu(device));
        }
    }

    /** The front-end of a running device switches the log of written pages on or off. */
    void featuresChanged(String socket, int vid, long features) {
        boolean logging = VirtioFeature.LOG_ALL.in(features);
        if (json) {
            output.json(Json.event("features")
                    .put("socket", socket)
                    .put("vid", vid)
                    .put("features", String.format(Locale.ROOT, "0x%x", features))
                    .put("log_all", logging));
        } else {
            output.line(socket + ": device " + vid + (logging ? " logs what it writes" : " logs no more"));
        }
    }

    void deviceDown(String socket, int vid, int buffers) {
        if (json) {
            output.json(Json.event("device_down")
                    .put("socket", socket)
                    .put("vid", vid)
                    .put("fds", Machine.openFds())
                    .put("mappings", Machine.openMappings())
                    .put("buffers", buffers));
        } else {
            output.line(socket + ": device " + vid + " down, " + Units.count(buffers) + " buffers in use");
        }
    }

    /** Something went wrong that does not end the run by itself. */
    void error(String message) {
        errors.incrementAndGet();
        output.complain(command + ": " + message);
    }

    private static String mtu(VhostDevice device) {
        return device.getMtu() == 0 ? "" : ", MTU " + device.getMtu();
    }
}
