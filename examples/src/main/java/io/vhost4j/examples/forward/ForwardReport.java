// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.Output;
import io.vhost4j.examples.cli.TextTable;
import io.vhost4j.examples.cli.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Statistics and summary of a run, for people or as JSON. For one thread. */
final class ForwardReport {
    private final Output output;
    private final boolean json;
    private final long started = System.nanoTime();
    private List<PortTotals> last = List.of();
    private long lastAt = started;

    ForwardReport(Output output, boolean json) {
        this.output = output;
        this.json = json;
    }

    /** Shows what happened since the last call. */
    void statistics(Forwarder forwarder) {
        long now = System.nanoTime();
        List<PortTotals> totals = forwarder.switchboard().totals();
        if (json) {
            output.json(object("stats", forwarder, totals, now));
        } else if (output.isTerminal()) {
            output.live(rates(totals, now - lastAt).lines());
        } else {
            output.line(rateLine(totals, now - lastAt));
        }
        last = totals;
        lastAt = now;
    }

    /** Shows the end result. */
    void summary(Forwarder forwarder, List<PortTotals> totals, long ended) {
        if (json) {
            output.json(object("summary", forwarder, totals, ended));
            return;
        }
        TextTable table = new TextTable("socket", "from guest", "bytes", "to guest", "bytes", "dropped", "ignored");
        for (PortTotals port : totals) {
            table.row(
                    port.socket(),
                    Units.count(port.fromGuestPackets()),
                    Units.count(port.fromGuestBytes()),
                    Units.count(port.toGuestPackets()),
                    Units.count(port.toGuestBytes()),
                    Units.count(port.dropped()),
                    Units.count(port.ignored()));
        }
        List<String> lines = new ArrayList<>(table.lines());
        lines.add(String.format(
                Locale.ROOT,
                "%.1f s, %d buffers in use, %d errors",
                Units.seconds(ended - started),
                forwarder.buffersInUse(),
                forwarder.events().errors()));
        forwarder.busyNanos().ifPresent(nanos -> lines.add(busy(totals, nanos)));
        if (forwarder.badInput().isAny()) {
            lines.add(forwarder.badInput().toString());
        }
        if (forwarder.captureDropped() > 0) {
            lines.add(Units.count(forwarder.captureDropped())
                    + " packets are missing in the capture: the disk was too slow");
        }
        output.lines(lines);
    }

    private static String busy(List<PortTotals> totals, long nanos) {
        long packets = totals.stream()
                .mapToLong(port -> Math.max(port.fromGuestPackets(), port.toGuestPackets()))
                .sum();
        return String.format(
                Locale.ROOT,
                "%.1f s of work, %.1f ns for each packet",
                Units.seconds(nanos),
                packets == 0 ? 0 : (double) nanos / packets);
    }

    private Json object(String event, Forwarder forwarder, List<PortTotals> totals, long now) {
        Json json = Json.event(event).put("seconds", Units.seconds(now - started));
        forwarder.busyNanos().ifPresent(nanos -> json.put("busy_ns", nanos));
        return json.put("ports", totals.stream().map(PortTotals::json).toList())
                .put("buffers_in_use", forwarder.buffersInUse())
                .put("pcap_dropped", forwarder.captureDropped())
                .put("counters", forwarder.badInput().json())
                .put("errors", forwarder.events().errors());
    }

    private TextTable rates(List<PortTotals> totals, long nanos) {
        TextTable table = new TextTable("socket", "from guest", "", "to guest", "", "dropped", "ignored");
        for (int i = 0; i < totals.size(); i++) {
            PortTotals now = totals.get(i);
            table.row(
                    now.socket(),
                    Units.packetRate(now.fromGuestPackets() - before(i).fromGuestPackets(), nanos),
                    Units.bitRate(now.fromGuestBytes() - before(i).fromGuestBytes(), nanos),
                    Units.packetRate(now.toGuestPackets() - before(i).toGuestPackets(), nanos),
                    Units.bitRate(now.toGuestBytes() - before(i).toGuestBytes(), nanos),
                    Units.count(now.dropped()),
                    Units.count(now.ignored()));
        }
        return table;
    }

    private String rateLine(List<PortTotals> totals, long nanos) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < totals.size(); i++) {
            PortTotals now = totals.get(i);
            line.append(i == 0 ? "" : " | ").append(now.socket()).append(": from guest ");
            line.append(Units.packetRate(now.fromGuestPackets() - before(i).fromGuestPackets(), nanos));
            line.append(", to guest ");
            line.append(Units.packetRate(now.toGuestPackets() - before(i).toGuestPackets(), nanos));
            line.append(", dropped ")
                    .append(Units.count(now.dropped() - before(i).dropped()));
        }
        return line.toString();
    }

    private PortTotals before(int port) {
        return last.isEmpty() ? PortTotals.of("", new FlowCounters[0]) : last.get(port);
    }
}
