// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** {@code vhost4j pktgen} as a front-end that keeps to a rate, times packets, or drives many devices. */
final class Pktgen implements FrontEnd {
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration END = Duration.ofSeconds(25);
    private static final Pattern STATS = Pattern.compile("\\{\"event\":\"stats\".*");
    private static final Pattern SUMMARY = Pattern.compile("\"event\":\"summary\"");
    private static final String INTERVAL = "0.5";
    private static final int RING = 1024;
    /** Descriptors of each ring, and packets that are sent together, where the work for each packet is compared: it depends on both. */
    private static final int SMALL_RING = 256;

    private static final int BURST = 32;

    private final Child child;
    private Map<String, Object> last = Map.of();

    Pktgen(Lab lab, Seat seat, Cell cell) {
        Shape shape = cell.shape();
        boolean comparesWork = shape.rate() > 0 && shape.load() == 0;
        List<String> command = new ArrayList<>(List.of(
                lab.launcher().toString(),
                "pktgen",
                "--json",
                "--socket",
                seat.socket().toString(),
                "--mode",
                "loop",
                "--latency",
                "--stats",
                INTERVAL,
                "--cpu",
                "" + lab.frontEndCpu(),
                "--size",
                "" + cell.bytes(),
                "--queues",
                "" + shape.queuePairs(),
                "--queue-size",
                "" + (comparesWork ? SMALL_RING : RING),
                "--no-inflight"));
        if (shape.rate() > 0) {
            command.addAll(List.of("--rate", "" + shape.rate()));
        }
        if (shape.devices() > 1) {
            command.addAll(List.of("--devices", "" + shape.devices()));
        }
        if (comparesWork) {
            command.addAll(List.of("--burst", "" + BURST));
        }
        if (cell.ring() == RingKind.PACKED) {
            command.add("--packed");
        }
        if (lab.memory().huge()) {
            command.add("--hugepages");
        }
        if (cell.inOrder()) {
            command.add("--in-order");
        }
        if (!cell.mergeable()) {
            command.add("--no-mrg-rxbuf");
        }
        child = Child.start("front-end pktgen", command);
    }

    @Override
    public Child child() {
        return child;
    }

    @Override
    public String version() {
        return "pktgen, JDK " + System.getProperty("java.runtime.version");
    }

    @Override
    public void begin(Cell cell) {
        child.await(STATS, START);
    }

    @Override
    public void mark() {
        child.skip();
        last = line();
    }

    private Map<String, Object> line() {
        return JsonText.object(child.await(STATS, START).group());
    }

    @Override
    public Sample next(Duration interval) {
        List<Latency> latencies = new ArrayList<>();
        Map<String, Object> before = last;
        double seconds;
        do {
            last = line();
            latencies.add(new Latency(number("latency_p50_ns"), number("latency_p99_ns"), number("latency_p999_ns")));
            seconds = number("seconds") - (Double) before.get("seconds");
        } while (seconds < 0.9 * interval.toNanos() / 1e9);
        return new Sample(
                (number("rx_packets") - (Double) before.get("rx_packets")) / seconds,
                (number("tx_packets") - (Double) before.get("tx_packets")) / seconds,
                Optional.of(Latency.median(latencies)));
    }

    private double number(String name) {
        return (Double) last.get(name);
    }

    @Override
    public void end() {
        child.terminate();
        child.await(SUMMARY, END);
        child.requireEnd(); // its code tells whether packets were lost, which a back-end under full load may do
    }

    @Override
    public void close() {
        child.close();
    }
}
