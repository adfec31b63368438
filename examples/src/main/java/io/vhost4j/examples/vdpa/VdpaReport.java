// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.vdpa;

import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.Output;
import io.vhost4j.examples.cli.TextTable;
import io.vhost4j.vdpa.VdpaBus;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaIdentity;
import java.util.List;

/** Tables of devices and of what they count. */
final class VdpaReport {
    private final Output output;
    private final boolean json;

    VdpaReport(Output output, boolean json) {
        this.output = output;
        this.json = json;
    }

    /** Devices that this machine has. */
    void candidates(VdpaBus bus) {
        List<String> names = bus.candidates();
        if (json) {
            output.json(Json.event("candidates").putStrings("devices", names));
        } else if (names.isEmpty()) {
            output.line("no vDPA device here; sim:loopback and sim:net are always there");
        } else {
            output.lines(names);
        }
    }

    /** Devices in use. */
    void list(List<VdpaPort> ports) {
        TextTable table = new TextTable("device", "kind", "DMA", "type", "queues", "socket", "served by");
        for (VdpaPort port : ports) {
            VdpaDevice hardware = port.hardware();
            VdpaIdentity identity = hardware.identity();
            table.row(
                    identity.name(),
                    identity.kind().name(),
                    identity.dmaModel().name(),
                    hardware.getDevType().name(),
                    Integer.toString(hardware.getQueueNum()),
                    port.socket().toString(),
                    port.server());
        }
        output.lines(table.lines());
    }

    /** What the devices count, ring by ring. */
    void statistics(List<VdpaPort> ports) {
        for (VdpaPort port : ports) {
            List<String> names = port.hardware().getStatsNames();
            for (int ring = 0; ring < port.rings(); ring++) {
                long[] values = port.hardware().getStats(ring);
                ring(port, ring, names, values);
            }
            if (port.echoed() > 0 && !json) {
                output.line(port.name() + ": library echoed=" + port.echoed());
            }
        }
    }

    private void ring(VdpaPort port, int ring, List<String> names, long[] values) {
        if (json) {
            Json event = Json.event("stats").put("device", port.name()).put("ring", ring);
            for (int i = 0; i < values.length; i++) {
                event.put(names.get(i), values[i]);
            }
            output.json(event.put("server", port.server()).put("echoed", port.echoed()));
            return;
        }
        StringBuilder text = new StringBuilder(port.name() + ": ring " + ring);
        for (int i = 0; i < values.length; i++) {
            text.append(' ').append(names.get(i)).append('=').append(values[i]);
        }
        output.line(text.toString());
    }
}
