// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** The result of the full matrix as a page of documentation. */
final class MatrixTable {
    private MatrixTable() {}

    /** Writes the page: a row for each setting of the front-end, a column for each packet size and mode. */
    static void write(
            Path file,
            List<MatrixCase> wanted,
            Map<MatrixCase, MatrixCase.Result> results,
            Map<MatrixCase, String> failures)
            throws IOException {
        Map<String, Map<String, String>> rows = new LinkedHashMap<>();
        Map<String, TreeSet<String>> paths = new LinkedHashMap<>();
        for (MatrixCase combination : wanted) {
            MatrixCase.Result result = results.get(combination);
            String cell = failures.containsKey(combination) ? "**failed**" : "not run";
            if (result != null) {
                cell = thousands(result.fromGuest() + result.toGuest());
                paths.computeIfAbsent(row(combination), row -> new TreeSet<>()).add(result.paths());
            }
            cells(rows, combination).put(column(combination), cell);
        }
        StringBuilder page = new StringBuilder();
        page.append("# Front-end matrix\n\n");
        page.append(String.format(
                Locale.ROOT,
                "%d combinations of dpdk-testpmd's virtio-user front-end (%s) and `forward`: %d equal at both ends with"
                        + " nothing lost (%d packets in total), %d failed, %d not run.%n%n",
                wanted.size(),
                Peers.version(Peer.TESTPMD),
                results.size(),
                results.values().stream()
                        .mapToLong(result -> result.fromGuest() + result.toGuest())
                        .sum(),
                failures.size(),
                wanted.size() - results.size() - failures.size()));
        page.append("`interop/matrix.sh` makes this page. A cell holds the packets that both ends counted, in"
                        + " thousands. ")
                .append("The mode is that of `forward`; 9000 bytes are a chain of five segments. `mrg`: mrg_rxbuf, ")
                .append("`ord`: in_order, `vec`: vectorized, `q`: queue pairs, `role`: that of the front-end.\n\n");
        table(page, rows);
        page.append("\n## Paths that testpmd chose\n\ntestpmd takes another path where it has no vector path.\n\n");
        page.append("| ring, mrg, ord, vec, q, role | paths |\n|---|---|\n");
        paths.forEach((row, names) -> page.append("| ")
                .append(row)
                .append(" | ")
                .append(String.join("; ", names))
                .append(" |\n"));
        Files.writeString(file, page);
    }

    private static Map<String, String> cells(Map<String, Map<String, String>> rows, MatrixCase combination) {
        return rows.computeIfAbsent(row(combination), row -> new LinkedHashMap<>());
    }

    private static void table(StringBuilder page, Map<String, Map<String, String>> rows) {
        TreeSet<String> columns = new TreeSet<>();
        rows.values().forEach(cells -> columns.addAll(cells.keySet()));
        page.append("| ring, mrg, ord, vec, q, role | ")
                .append(String.join(" | ", columns))
                .append(" |\n|---");
        page.append("|---:".repeat(columns.size())).append("|\n");
        rows.forEach((row, cells) -> {
            page.append("| ").append(row);
            columns.forEach(column -> page.append(" | ").append(cells.getOrDefault(column, "")));
            page.append(" |\n");
        });
    }

    private static String row(MatrixCase combination) {
        return String.format(
                Locale.ROOT,
                "%s %d %d %d %d %s",
                combination.packed() ? "packed" : "split",
                combination.mergeable() ? 1 : 0,
                combination.inOrder() ? 1 : 0,
                combination.vectorized() ? 1 : 0,
                combination.queuePairs(),
                combination.server() ? "server" : "client");
    }

    private static String column(MatrixCase combination) {
        return String.format(Locale.ROOT, "%s %4d", combination.mode().word(), combination.bytes());
    }

    private static String thousands(long packets) {
        return String.format(Locale.ROOT, "%d k", packets / 1000);
    }
}
