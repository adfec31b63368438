// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** {@code vhost4j forward}; it moves packets as soon as a device is there. */
final class ForwardBackEnd implements BackEnd {
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration END = Duration.ofSeconds(25);
    private static final Pattern LISTENING = Pattern.compile("\"event\":\"listening\"");
    private static final Pattern DEVICE_UP = Pattern.compile("\"event\":\"device_up\"");
    private static final Pattern STATS = Pattern.compile("\\{\"event\":\"stats\".*");
    private static final Pattern SUMMARY = Pattern.compile("\"event\":\"summary\".*\"buffers_in_use\":(\\d+)");

    private static final String JAVA_OPTIONS = "VHOST4J_JAVA_OPTS";

    private final Child child;
    private final int devices;
    private final Traffic traffic;
    private final boolean busy;

    /** Starts it with options for the virtual machine and for the command, besides those that the cell asks for. */
    ForwardBackEnd(Lab lab, Seat seat, Cell cell, String javaOptions, String... options) {
        List<String> command = new ArrayList<>(List.of(
                lab.launcher().toString(),
                "forward",
                "--mode",
                cell.traffic().backEndMode(),
                "--cpu",
                "" + lab.backEndCpu(),
                "--queues",
                "" + cell.shape().queuePairs(),
                "--json"));
        command.addAll(List.of(options));
        seat.sockets(cell.shape().devices()).forEach(socket -> command.addAll(List.of("--socket", socket.toString())));
        if (lab.busy()) {
            command.addAll(List.of("--busy", "--stats", "0.25"));
        }
        if (cell.traffic() == Traffic.RX) {
            command.addAll(List.of("--txpkts", "" + cell.bytes()));
        }
        if (lab.memory().huge()) {
            command.add("--hugepages");
        }
        devices = cell.shape().devices();
        traffic = cell.traffic();
        busy = lab.busy();
        child = Child.start("back-end vhost4j", command, javaOptions(javaOptions));
        try {
            child.await(LISTENING, START);
        } catch (BenchFailure e) {
            child.close();
            throw e;
        }
    }

    private static Map<String, String> javaOptions(String more) {
        return more.isEmpty()
                ? Map.of()
                : Map.of(JAVA_OPTIONS, System.getenv().getOrDefault(JAVA_OPTIONS, "") + " " + more);
    }

    @Override
    public Child child() {
        return child;
    }

    @Override
    public String version() {
        return "JDK " + System.getProperty("java.runtime.version");
    }

    @Override
    public void go() {
        for (int i = 0; i < devices; i++) {
            child.await(DEVICE_UP, START);
        }
    }

    @Override
    public Busy busy() {
        if (!busy) {
            return Busy.UNKNOWN;
        }
        child.skip();
        return busy(child.await(STATS, START).group(), traffic);
    }

    /** What a line of statistics tells. */
    static Busy busy(String line, Traffic traffic) {
        Map<String, Object> stats = JsonText.object(line);
        String counter = traffic == Traffic.RX ? "to_guest_packets" : "from_guest_packets";
        double packets = 0;
        for (Object port : (List<?>) stats.get("ports")) {
            packets += (Double) ((Map<?, ?>) port).get(counter);
        }
        return new Busy((Double) stats.get("busy_ns"), packets);
    }

    @Override
    public void stop() {
        child.terminate();
        long held = Long.parseLong(child.await(SUMMARY, END).group(1));
        if (held != 0) {
            throw new BenchFailure("back-end vhost4j: " + held + " buffers are in use after the end");
        }
        child.requireCleanEnd();
    }

    @Override
    public void close() {
        child.close();
    }
}
