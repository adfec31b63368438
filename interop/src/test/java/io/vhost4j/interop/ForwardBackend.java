// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The back-end under test: the launcher's command {@code forward}. */
final class ForwardBackend implements Backend {
    /** The DMA engine that every back-end uses whose test does not say otherwise; null for none. */
    private static final @Nullable String ASYNC = System.getProperty("vhost4j.interop.async");

    /** The first start may have to wait for a busy machine; then a JVM needs about a second. */
    private static final Duration START_LIMIT = Duration.ofSeconds(30);

    /** How often it tells its counters, in seconds. */
    private static final String STATS_SECONDS = "0.2";

    /** The events with counters: a run of a given number of packets ends by itself, so its last ones are in its summary. */
    private static final Set<String> COUNTING = Set.of("stats", "summary");

    private final Launcher launcher;

    private ForwardBackend(Launcher launcher) {
        this.launcher = launcher;
    }

    /** Whether back-ends have DMA channels whose test does not say otherwise. */
    static boolean usesChannels() {
        return ASYNC != null;
    }

    static ForwardBackend start(BackendSpec spec) {
        List<String> arguments = new ArrayList<>(
                List.of("forward", "--mode", spec.mode().word(), "--queues", String.valueOf(spec.queuePairs())));
        if (!spec.options().contains("--stats")) {
            arguments.addAll(List.of("--stats", STATS_SECONDS));
        }
        for (Path socket : spec.sockets()) {
            arguments.addAll(List.of("--socket", socket.toString()));
        }
        if (spec.client()) {
            arguments.add("--client");
        }
        if (spec.mode() == Mode.TXONLY) {
            arguments.addAll(List.of(
                    "--txpkts",
                    String.join(
                            ",", spec.segments().stream().map(String::valueOf).toList())));
        }
        if (spec.count() != 0) {
            arguments.addAll(List.of("--on-enter", "--count", String.valueOf(spec.count())));
        }
        arguments.addAll(spec.options());
        if (ASYNC != null && !arguments.contains("--async")) {
            arguments.addAll(List.of("--async", ASYNC));
        }
        ForwardBackend backend = new ForwardBackend(Launcher.start(arguments));
        try {
            backend.launcher.await("listening", event -> true, START_LIMIT);
        } catch (AssertionError e) {
            backend.close();
            throw e;
        }
        return backend;
    }

    /** The launcher. */
    Launcher launcher() {
        return launcher;
    }

    /** Waits until as many devices in total have gone down since the start, and returns what the last one left behind. */
    Map<String, Object> awaitDevicesDown(int devices) {
        int[] seen = {0};
        return launcher.await("device_down", event -> ++seen[0] >= devices, START_LIMIT);
    }

    @Override
    public void awaitDevicesUp(int devices) {
        int[] seen = {0};
        launcher.await("device_up", event -> ++seen[0] >= devices, START_LIMIT);
    }

    @Override
    public void begin() {
        launcher.program().send("");
    }

    @Override
    public long features() {
        List<Map<String, Object>> up = launcher.events("device_up");
        return Long.decode((String) up.getLast().get("features"));
    }

    @Override
    public Counters awaitCounters(Predicate<Counters> wanted, String what, Duration limit) {
        try {
            return counters(launcher.await(COUNTING, event -> wanted.test(counters(event)), limit));
        } catch (AssertionError e) {
            throw new AssertionError(what + ": not within " + limit.toMillis() + " ms", e);
        }
    }

    private static Counters counters(Map<String, Object> statistics) {
        Counters sum = new Counters(0, 0, 0, 0, 0);
        for (Object entry : Json.asList(statistics.get("ports"))) {
            Map<String, Object> port = Json.asMap(entry);
            sum = sum.plus(new Counters(
                    Json.number(port, "from_guest_packets"),
                    Json.number(port, "from_guest_bytes"),
                    Json.number(port, "to_guest_packets"),
                    Json.number(port, "to_guest_bytes"),
                    Json.number(port, "dropped_packets")));
        }
        return sum;
    }

    @Override
    public Counters finish() {
        Map<String, Object> summary = launcher.finish();
        long left = Json.number(summary, "buffers_in_use");
        if (left != 0) {
            throw new AssertionError(left + " packet buffers still in use at the end: " + summary);
        }
        return counters(summary);
    }

    @Override
    public void kill() {
        launcher.program().kill();
    }

    @Override
    public void close() {
        launcher.close();
    }
}
