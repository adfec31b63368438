// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/** Reads back what {@link Report#json} wrote, so that cells can be measured in several calls. */
final class ResultFile {
    /** What slices of a comparison must have in common, of the host's facts. */
    private static final List<String> SAME =
            List.of("processors", "peers' memory", "kernel", "system", "JDK", "vhost4j");

    private ResultFile() {}

    /** Writes a file at once, so that there is always a whole one. */
    static void write(Path file, String text) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(draft, text);
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * The cells of an earlier call.
     *
     * @param name of the file, for errors
     * @param host what the machine is
     * @param method how cells are measured
     * @throws BenchFailure if they were measured on another machine, with other versions or in another way
     */
    static List<CellResult> read(
            String name, String text, Map<String, String> host, Method method, List<BackEndKind> kinds) {
        try {
            Map<String, Object> file = JsonText.object(text);
            Map<String, Object> before = object(file, "host");
            for (String fact : SAME) {
                requireSame(name, fact, before.get(fact), host.get(fact));
            }
            requireSame(name, "method", file.get("method"), method.toString());
            List<CellResult> results = new ArrayList<>();
            for (Object cell : list(file, "cells")) {
                results.add(cell(map(cell), object(file, "versions"), name, kinds));
            }
            return results;
        } catch (ClassCastException | NullPointerException | IllegalArgumentException e) {
            throw new BenchFailure(name + ": not a file of peer-bench: " + e.getMessage(), e);
        }
    }

    private static void requireSame(String name, String what, Object then, Object now) {
        if (!Objects.equals(then, now)) {
            throw new BenchFailure(name + ": its cells do not fit these: " + what + " was '" + then + "', is '" + now
                    + "'; give another file");
        }
    }

    private static CellResult cell(
            Map<String, Object> json, Map<String, Object> versions, String name, List<BackEndKind> kinds) {
        Cell cell = new Cell(
                RingKind.valueOf(upper(json, "ring")),
                Traffic.valueOf(upper(json, "traffic")),
                (int) number(json, "bytes"),
                (boolean) json.get("mrg_rxbuf"),
                (boolean) json.get("in_order"),
                (boolean) json.get("vectorized"),
                new Shape(
                        (int) number(json, "queue_pairs"),
                        (int) number(json, "devices"),
                        (long) number(json, "rate_pps"),
                        (int) number(json, "load_percent")));
        Map<String, Object> commands = object(json, "commands");
        List<List<Run>> rounds = new ArrayList<>();
        List<Object> runs = list(json, "runs");
        for (int i = 0; i + kinds.size() <= runs.size(); i += kinds.size()) {
            List<Run> round = new ArrayList<>();
            for (int kind = 0; kind < kinds.size(); kind++) {
                Map<String, Object> run = map(runs.get(i + kind));
                requireSame(
                        name,
                        "the order of the back-ends",
                        run.get("back_end"),
                        kinds.get(kind).toString());
                round.add(run(kinds.get(kind), run, versions, commands));
            }
            rounds.add(round);
        }
        return new CellResult(cell, kinds, rounds, (int) number(json, "disturbed_runs"));
    }

    private static Run run(
            BackEndKind kind, Map<String, Object> json, Map<String, Object> versions, Map<String, Object> commands) {
        List<Double> samples = new ArrayList<>();
        list(json, "samples_pps").forEach(sample -> samples.add(Double.valueOf((String) sample)));
        return new Run(
                kind,
                number(json, "pps"),
                samples,
                json.containsKey("latency_p50_ns")
                        ? Optional.of(new Latency(
                                number(json, "latency_p50_ns"),
                                number(json, "latency_p99_ns"),
                                number(json, "latency_p999_ns")))
                        : Optional.empty(),
                number(json, "cache_line_ns"),
                number(json, "steal_percent"),
                number(json, "back_end_cpu_percent") / 100,
                number(json, "front_end_cpu_percent") / 100,
                json.containsKey("busy_ns_per_packet")
                        ? OptionalDouble.of(number(json, "busy_ns_per_packet"))
                        : OptionalDouble.empty(),
                List.of((String) versions.get(kind.toString()), (String) versions.get("front-end")),
                List.of((String) commands.get(kind.toString()), (String) commands.get("front-end")),
                null);
    }

    private static String upper(Map<String, Object> json, String name) {
        return ((String) json.get(name)).toUpperCase(java.util.Locale.ROOT);
    }

    private static double number(Map<String, Object> json, String name) {
        return (Double) json.get(name);
    }

    private static Map<String, Object> object(Map<String, Object> json, String name) {
        return map(json.get(name));
    }

    @SuppressWarnings("unchecked") // JsonText makes no other maps
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked") // nor other lists
    private static List<Object> list(Map<String, Object> json, String name) {
        return (List<Object>) json.get(name);
    }
}
