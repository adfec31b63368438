// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.Output;
import io.vhost4j.examples.cli.TextTable;
import io.vhost4j.examples.cli.Units;
import io.vhost4j.virtiouser.PortStats;
import io.vhost4j.virtiouser.VirtioUser;
import java.util.List;

/** Statistics and summary of a generator, for people or as JSON. For one thread. */
final class PktgenReport {
    private final Output output;
    private final boolean json;
    private final VirtioUser device;
    private final long started = System.nanoTime();
    private PortStats last = new PortStats(0, 0, 0, 0, 0);
    private long lastAt = started;

    PktgenReport(Output output, boolean json, VirtioUser device) {
        this.output = output;
        this.json = json;
        this.device = device;
    }

    void statistics() {
        long now = System.nanoTime();
        PortStats stats = sum();
        long nanos = now - lastAt;
        if (json) {
            output.json(object("stats", stats, now));
        } else if (output.isTerminal()) {
            output.live(rates(stats, nanos));
        } else {
            output.line("sent " + Units.packetRate(stats.txPackets() - last.txPackets(), nanos) + ", received "
                    + Units.packetRate(stats.rxPackets() - last.rxPackets(), nanos));
        }
        last = stats;
        lastAt = now;
    }

    void summary(Worker worker) {
        long now = System.nanoTime();
        PortStats stats = sum();
        if (json) {
            output.json(object("summary", stats, now)
                    .put("bad_packets", worker.bad())
                    .put("lost_packets", worker.lost())
                    .put("foreign_packets", worker.foreign()));
            return;
        }
        long nanos = now - started;
        output.lines(new TextTable("", "packets", "bytes", "rate", "")
                .row(
                        "sent",
                        Units.count(stats.txPackets()),
                        Units.count(stats.txBytes()),
                        Units.packetRate(stats.txPackets(), nanos),
                        Units.bitRate(stats.txBytes(), nanos))
                .row(
                        "received",
                        Units.count(stats.rxPackets()),
                        Units.count(stats.rxBytes()),
                        Units.packetRate(stats.rxPackets(), nanos),
                        Units.bitRate(stats.rxBytes(), nanos))
                .lines());
        output.line(Units.count(worker.bad()) + " bad, " + Units.count(worker.lost()) + " lost, "
                + Units.count(worker.foreign()) + " foreign");
    }

    private Json object(String event, PortStats stats, long now) {
        return Json.event(event)
                .put("seconds", Units.seconds(now - started))
                .put("tx_packets", stats.txPackets())
                .put("tx_bytes", stats.txBytes())
                .put("rx_packets", stats.rxPackets())
                .put("rx_bytes", stats.rxBytes());
    }

    private List<String> rates(PortStats stats, long nanos) {
        return new TextTable("", "rate", "")
                .row(
                        "sent",
                        Units.packetRate(stats.txPackets() - last.txPackets(), nanos),
                        Units.bitRate(stats.txBytes() - last.txBytes(), nanos))
                .row(
                        "received",
                        Units.packetRate(stats.rxPackets() - last.rxPackets(), nanos),
                        Units.bitRate(stats.rxBytes() - last.rxBytes(), nanos))
                .lines();
    }

    private PortStats sum() {
        long[] sums = new long[5];
        for (int pair = 0; pair < device.queuePairs(); pair++) {
            PortStats stats = device.stats(pair);
            sums[0] += stats.txPackets();
            sums[1] += stats.txBytes();
            sums[2] += stats.txDropped();
            sums[3] += stats.rxPackets();
            sums[4] += stats.rxBytes();
        }
        return new PortStats(sums[0], sums[1], sums[2], sums[3], sums[4]);
    }
}
