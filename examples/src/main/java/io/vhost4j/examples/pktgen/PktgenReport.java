// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.Output;
import io.vhost4j.examples.cli.TextTable;
import io.vhost4j.examples.cli.Units;
import io.vhost4j.virtiouser.PortStats;
import io.vhost4j.virtiouser.VirtioUser;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Statistics and summary of a generator, for people or as JSON. For one thread. */
final class PktgenReport {
    private static final double MEDIAN = 0.5;
    private static final double P99 = 0.99;
    private static final double P999 = 0.999;

    private final Output output;
    private final boolean json;
    private final List<VirtioUser> devices;
    private final @Nullable Latencies latencies;
    private final long started = System.nanoTime();
    private PortStats last = new PortStats(0, 0, 0, 0, 0);
    private long lastAt = started;
    private final Latencies.@Nullable Snapshot atStart;
    private Latencies.@Nullable Snapshot lastTimes;

    /** Adds what was measured in {@code latencies}, if there are any. */
    PktgenReport(Output output, boolean json, List<VirtioUser> devices, @Nullable Latencies latencies) {
        this.output = output;
        this.json = json;
        this.devices = devices;
        this.latencies = latencies;
        atStart = latencies == null ? null : latencies.snapshot();
        lastTimes = atStart;
    }

    void statistics() {
        long now = System.nanoTime();
        PortStats stats = sum();
        long nanos = now - lastAt;
        Latencies.@Nullable Snapshot timesNow = latencies == null ? null : latencies.snapshot();
        Latencies.@Nullable Snapshot times = added(lastTimes, timesNow);
        lastTimes = timesNow;
        if (json) {
            output.json(object("stats", stats, now, times));
        } else if (output.isTerminal()) {
            output.live(rates(stats, nanos));
        } else {
            output.line("sent " + Units.packetRate(stats.txPackets() - last.txPackets(), nanos) + ", received "
                    + Units.packetRate(stats.rxPackets() - last.rxPackets(), nanos) + text(times));
        }
        last = stats;
        lastAt = now;
    }

    void summary(Worker worker) {
        long now = System.nanoTime();
        PortStats stats = sum();
        Latencies.@Nullable Snapshot times = added(atStart, latencies == null ? null : latencies.snapshot());
        if (json) {
            output.json(object("summary", stats, now, times)
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
                + Units.count(worker.foreign()) + " foreign" + text(times));
    }

    private static Latencies.@Nullable Snapshot added(
            Latencies.@Nullable Snapshot before, Latencies.@Nullable Snapshot now) {
        return before == null || now == null ? null : now.since(before);
    }

    private static String text(Latencies.@Nullable Snapshot times) {
        return times == null
                ? ""
                : ", back after " + Units.time(times.percentile(MEDIAN)) + " (p50), "
                        + Units.time(times.percentile(P99)) + " (p99), " + Units.time(times.percentile(P999))
                        + " (p99.9)";
    }

    private Json object(String event, PortStats stats, long now, Latencies.@Nullable Snapshot times) {
        Json json = Json.event(event)
                .put("seconds", Units.seconds(now - started))
                .put("tx_packets", stats.txPackets())
                .put("tx_bytes", stats.txBytes())
                .put("rx_packets", stats.rxPackets())
                .put("rx_bytes", stats.rxBytes());
        if (times != null) {
            json.put("latency_packets", times.total())
                    .put("latency_p50_ns", times.percentile(MEDIAN))
                    .put("latency_p99_ns", times.percentile(P99))
                    .put("latency_p999_ns", times.percentile(P999))
                    .put("latency_max_ns", times.percentile(1));
        }
        return json;
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
        for (VirtioUser device : devices) {
            for (int pair = 0; pair < device.queuePairs(); pair++) {
                PortStats stats = device.stats(pair);
                sums[0] += stats.txPackets();
                sums[1] += stats.txBytes();
                sums[2] += stats.txDropped();
                sums[3] += stats.rxPackets();
                sums[4] += stats.rxBytes();
            }
        }
        return new PortStats(sums[0], sums[1], sums[2], sums[3], sums[4]);
    }
}
