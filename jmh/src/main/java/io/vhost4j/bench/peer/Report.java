// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.TextTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * The results of one call, as a table, as JSON and as Markdown.
 *
 * @param host what {@link Host} says
 * @param method how each cell was measured
 * @param command that made them
 * @param busy whether back-ends were asked how long they worked
 * @param results of at least one cell, all with the same back-ends
 */
record Report(Map<String, String> host, Method method, String command, boolean busy, List<CellResult> results) {
    /** All that the results claim to have in common must be so. */
    Report {
        for (CellResult result : results) {
            if (!result.versions().equals(results.get(0).versions())) {
                throw new BenchFailure(result.cell() + ": was measured with " + result.versions()
                        + ", other cells with " + results.get(0).versions() + "; give another file to --json");
            }
        }
    }

    private List<BackEndKind> kinds() {
        return results.get(0).kinds();
    }

    private List<String> headings() {
        List<String> headings = new ArrayList<>(List.of("cell", "rounds", "line ns"));
        for (BackEndKind kind : kinds()) {
            headings.add(kind + " Mpps");
            headings.add("spread %");
            if (busy) {
                headings.add("busy ns");
            }
        }
        for (BackEndKind other : kinds().subList(1, kinds().size())) {
            headings.add(": " + other);
            headings.add("min-max");
            headings.add("near");
            headings.add("far");
        }
        return headings;
    }

    private List<String> row(CellResult result) {
        List<String> row = new ArrayList<>(List.of(
                result.cell().toString(),
                "" + result.rounds().size(),
                fixed(result.lineNanos().median(), 0)));
        for (int kind = 0; kind < kinds().size(); kind++) {
            Numbers pps = result.pps(kind);
            row.add(fixed(pps.median() / 1e6, 2));
            row.add(fixed(pps.spreadPercent(), 0));
            if (busy) {
                OptionalDouble nanos = result.busyNanos(kind);
                row.add(nanos.isPresent() ? fixed(nanos.getAsDouble(), 1) : "-");
            }
        }
        for (int kind = 1; kind < kinds().size(); kind++) {
            Numbers ratio = result.ratio(kind);
            row.add(fixed(ratio.median(), 2));
            row.add(fixed(ratio.min(), 2) + "-" + fixed(ratio.max(), 2));
            row.add(ratioAt(result, Place.NEAR, kind));
            row.add(ratioAt(result, Place.FAR, kind));
        }
        return row;
    }

    private String ratioAt(CellResult result, Place place, int kind) {
        return result.at(place, method.limits())
                .map(there -> fixed(there.ratio(kind).median(), 2))
                .orElse("-");
    }

    private static String fixed(double value, int decimals) {
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    /** The table, and the geometric means of the ratios. */
    List<String> text() {
        TextTable table = new TextTable(headings().toArray(String[]::new));
        results.forEach(result -> table.row(row(result).toArray(String[]::new)));
        List<String> lines = new ArrayList<>(table.lines());
        lines.addAll(means());
        LatencyTable latencies = new LatencyTable(results);
        if (!latencies.isEmpty()) {
            lines.add("");
            lines.addAll(latencies.text());
        }
        return lines;
    }

    private List<String> means() {
        List<String> lines = new ArrayList<>();
        for (int kind = 1; kind < kinds().size(); kind++) {
            lines.add(kinds().get(0) + " : " + kinds().get(kind) + ", geometric mean of " + results.size() + " cells: "
                    + fixed(mean(results, kind), 2) + meanAt(Place.NEAR, kind) + meanAt(Place.FAR, kind));
        }
        return lines;
    }

    private String meanAt(Place place, int kind) {
        List<CellResult> there = results.stream()
                .flatMap(result -> result.at(place, method.limits()).stream())
                .toList();
        return there.isEmpty() ? "" : "; " + place + ", of " + there.size() + ": " + fixed(mean(there, kind), 2);
    }

    private static double mean(List<CellResult> results, int kind) {
        return Numbers.geometricMean(
                results.stream().map(result -> result.ratio(kind).median()).toList());
    }

    /** Everything that was measured, with each run's own figures. */
    String json() {
        return Json.object()
                .put("command", command)
                .put("method", method.toString())
                .put("host", Host.json(host))
                .put("versions", versions())
                .put("cells", results.stream().map(this::json).toList())
                .toString();
    }

    private Json versions() {
        Json versions = Json.object();
        List<Run> round = results.get(0).rounds().get(0);
        round.forEach(run -> versions.put(run.kind().toString(), run.versions().get(0)));
        return versions.put("front-end", round.get(0).versions().get(1));
    }

    private Json json(CellResult result) {
        Cell cell = result.cell();
        Json json = Json.object()
                .put("name", cell.toString())
                .put("ring", cell.ring().toString())
                .put("traffic", cell.traffic().toString())
                .put("bytes", cell.bytes())
                .put("mrg_rxbuf", cell.mergeable())
                .put("in_order", cell.inOrder())
                .put("vectorized", cell.vectorized())
                .put("queue_pairs", cell.shape().queuePairs())
                .put("devices", cell.shape().devices())
                .put("rate_pps", cell.shape().rate())
                .put("load_percent", cell.shape().load())
                .put("disturbed_runs", result.disturbed())
                .put("commands", commands(result))
                .put(
                        "runs",
                        result.rounds().stream()
                                .flatMap(List::stream)
                                .map(Report::json)
                                .toList());
        List<Json> ratios = new ArrayList<>();
        for (int kind = 1; kind < kinds().size(); kind++) {
            Numbers ratio = result.ratio(kind);
            ratios.add(Json.object()
                    .put("to", kinds().get(kind).toString())
                    .put("median", ratio.median())
                    .put("min", ratio.min())
                    .put("max", ratio.max()));
        }
        return json.put("ratios", ratios);
    }

    private static Json commands(CellResult result) {
        Json commands = Json.object();
        List<Run> round = result.rounds().get(0);
        round.forEach(run -> commands.put(run.kind().toString(), run.commands().get(0)));
        return commands.put("front-end", round.get(0).commands().get(1));
    }

    private static Json json(Run run) {
        Json json = Json.object()
                .put("back_end", run.kind().toString())
                .put("pps", Math.round(run.pps()))
                .put("cache_line_ns", run.lineNanos())
                .put("steal_percent", run.stealPercent())
                .put("back_end_cpu_percent", 100 * run.backEndShare())
                .put("front_end_cpu_percent", 100 * run.frontEndShare())
                .putStrings(
                        "samples_pps",
                        run.samples().stream().map(pps -> fixed(pps, 0)).toList());
        run.busyNanos().ifPresent(nanos -> json.put("busy_ns_per_packet", nanos));
        run.latency()
                .ifPresent(latency -> json.put("latency_p50_ns", latency.p50())
                        .put("latency_p99_ns", latency.p99())
                        .put("latency_p999_ns", latency.p999()));
        return json;
    }

    /** A page for docs/perf. */
    String markdown(String title, String chart) {
        StringBuilder page = new StringBuilder("# " + title + "\n\n![ratios](" + chart + ")\n\n");
        addRow(page, headings());
        addRow(
                page,
                headings().stream()
                        .map(heading -> heading.equals("cell") ? "---" : "---:")
                        .toList());
        results.forEach(result -> addRow(page, row(result)));
        page.append('\n');
        means().forEach(line -> page.append("- ").append(line).append('\n'));
        int disturbed = results.stream().mapToInt(CellResult::disturbed).sum();
        page.append("- runs thrown away because they were disturbed: ")
                .append(disturbed)
                .append('\n');
        page.append("\n"
                + "Mpps: median of the rounds; spread: from the least to the greatest round; busy: nanoseconds"
                + " that the back-end worked on a packet, where it was asked; ratios: median of those of each"
                + " round; near and far: of the rounds in which a cache line took less or more than "
                + fixed(method.limits().nearNanos(), 0)
                + " ns from one worker's processor to the other's and back (line ns: median of all).\n");
        LatencyTable latencies = new LatencyTable(results);
        if (!latencies.isEmpty()) {
            page.append("\n## Latency\n\n").append(latencies.markdown());
        }
        page.append("\n## Machine\n\n");
        host.forEach((name, value) ->
                page.append("- ").append(name).append(": ").append(value).append('\n'));
        List<Run> round = results.get(0).rounds().get(0);
        round.forEach(run -> page.append("- ")
                .append(run.kind())
                .append(": ")
                .append(run.versions().get(0))
                .append('\n'));
        page.append("- front-end: ").append(round.get(0).versions().get(1)).append('\n');
        page.append("\n## Method\n\n").append(method).append(".\n");
        page.append("\n## Commands\n\n```\n")
                .append(command)
                .append("\n```\n\nIt started, in the first cell and where others differ:\n\n```\n");
        commands().forEach(line -> page.append(line).append('\n'));
        return page.append("```\n").toString();
    }

    /** The commands of the first cell for each side. */
    private Set<String> commands() {
        Map<String, String> bySide = new LinkedHashMap<>();
        for (CellResult result : results) {
            for (Run run : result.rounds().get(0)) {
                bySide.putIfAbsent(
                        run.kind() + " " + result.cell().traffic(),
                        run.commands().get(0));
            }
            bySide.putIfAbsent(
                    "front-end " + result.cell().traffic() + result.cell().ring(),
                    result.rounds().get(0).get(0).commands().get(1));
        }
        return new LinkedHashSet<>(bySide.values());
    }

    static void addRow(StringBuilder page, List<String> cells) {
        page.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
}
