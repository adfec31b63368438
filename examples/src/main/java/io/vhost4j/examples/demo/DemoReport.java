// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.demo;

import io.vhost4j.examples.cli.Output;
import io.vhost4j.examples.cli.TextTable;
import io.vhost4j.examples.cli.Units;
import io.vhost4j.examples.wire.TrafficSink;
import java.util.ArrayList;
import java.util.List;

/** The table of the demo, growing ring by ring. For one thread. */
final class DemoReport {
    private final Output output;
    private final boolean json;
    private final long packets;
    private final List<DemoResult> results = new ArrayList<>();
    private String ring = "";
    private TrafficSink host = new TrafficSink(0);
    private TrafficSink guest = new TrafficSink(0);
    private long started;

    DemoReport(Output output, boolean json, long packets) {
        this.output = output;
        this.json = json;
        this.packets = packets;
    }

    /** A ring begins; its packets arrive at these. */
    void begin(boolean packed, TrafficSink atHost, TrafficSink atGuest) {
        ring = packed ? "packed" : "split";
        host = atHost;
        guest = atGuest;
        started = System.nanoTime();
    }

    void statistics() {
        DemoResult now = result(packets, "");
        if (json) {
            output.json(now.json("stats"));
        } else if (output.isTerminal()) {
            List<DemoResult> all = new ArrayList<>(results);
            all.add(now);
            output.live(table(all));
        } else {
            output.line(ring + " rings: guest to host " + Units.count(now.toHost()) + " ("
                    + Units.packetRate(now.toHost(), now.nanos()) + "), host to guest " + Units.count(now.toGuest())
                    + " ("
                    + Units.packetRate(now.toGuest(), now.nanos()) + ")");
        }
    }

    DemoResult end(long expected, String fault) {
        DemoResult result = result(expected, fault);
        results.add(result);
        if (json) {
            output.json(result.json("ring_done").put("ok", result.isGood()));
        } else if (output.isTerminal()) {
            output.live(table(results));
        }
        return result;
    }

    /** The end result. */
    void summary() {
        if (!json) {
            output.lines(table(results));
        }
    }

    private DemoResult result(long expected, String fault) {
        return new DemoResult(
                ring,
                expected,
                System.nanoTime() - started,
                host.good(),
                host.goodBytes(),
                guest.good(),
                guest.goodBytes(),
                host.bad() + guest.bad(),
                fault);
    }

    private static List<String> table(List<DemoResult> rows) {
        TextTable table = new TextTable("ring", "direction", "packets", "rate", "", "bad", "missing");
        for (DemoResult row : rows) {
            table.row(
                    row.ring(),
                    "guest to host",
                    Units.count(row.toHost()),
                    Units.packetRate(row.toHost(), row.nanos()),
                    Units.bitRate(row.toHostBytes(), row.nanos()),
                    Units.count(row.bad()),
                    Units.count(row.packets() - row.toHost()));
            table.row(
                    "",
                    "host to guest",
                    Units.count(row.toGuest()),
                    Units.packetRate(row.toGuest(), row.nanos()),
                    Units.bitRate(row.toGuestBytes(), row.nanos()),
                    "",
                    Units.count(row.packets() - row.toGuest()));
        }
        return table.lines();
    }
}
