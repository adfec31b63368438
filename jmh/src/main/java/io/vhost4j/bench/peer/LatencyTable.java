// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import io.vhost4j.examples.cli.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** After what time packets came back, for the cells in which that was measured. */
final class LatencyTable {
    private final List<CellResult> results;

    LatencyTable(List<CellResult> results) {
        this.results =
                results.stream().filter(result -> result.latency(0).isPresent()).toList();
    }

    boolean isEmpty() {
        return results.isEmpty();
    }

    private List<String> headings() {
        List<String> headings = new ArrayList<>(List.of("cell"));
        List<BackEndKind> kinds = results.get(0).kinds();
        for (BackEndKind kind : kinds) {
            headings.addAll(List.of(kind + " p50 us", "p99", "p99.9"));
        }
        for (BackEndKind other : kinds.subList(1, kinds.size())) {
            headings.addAll(List.of(": " + other + " p50", "p99", "p99.9"));
        }
        return headings;
    }

    private static List<String> row(CellResult result) {
        List<String> row = new ArrayList<>(List.of(result.cell().toString()));
        int kinds = result.kinds().size();
        for (int kind = 0; kind < kinds; kind++) {
            add(row, result.latency(kind).orElseThrow(), 1e3, "%.1f");
        }
        for (int kind = 1; kind < kinds; kind++) {
            add(row, result.latencyRatio(kind).orElseThrow(), 1, "%.2f");
        }
        return row;
    }

    private static void add(List<String> row, Latency latency, double unit, String format) {
        row.add(String.format(Locale.ROOT, format, latency.p50() / unit));
        row.add(String.format(Locale.ROOT, format, latency.p99() / unit));
        row.add(String.format(Locale.ROOT, format, latency.p999() / unit));
    }

    /** For a terminal. */
    List<String> text() {
        TextTable table = new TextTable(headings().toArray(String[]::new));
        results.forEach(result -> table.row(row(result).toArray(String[]::new)));
        return table.lines();
    }

    /** For a page. */
    String markdown() {
        StringBuilder page = new StringBuilder();
        Report.addRow(page, headings());
        Report.addRow(
                page,
                headings().stream()
                        .map(heading -> heading.equals("cell") ? "---" : "---:")
                        .toList());
        results.forEach(result -> Report.addRow(page, row(result)));
        return page.toString();
    }
}
