// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Measures cell by cell, keeps what there is after each, and tells how long the rest takes. */
final class Campaign {
    private static final double MINUTE = 60e9;

    /** Where results go after each cell. */
    interface Keeper {
        void keep(List<CellResult> results) throws IOException;
    }

    private final List<Cell> cells;
    private final double minutes;
    private final PrintStream progress;
    private final List<CellResult> results;
    private final List<String> failures = new ArrayList<>();
    private int left;

    /**
     * A campaign that is not started yet.
     *
     * @param minutes after which no cell is begun, 0 for no limit
     * @param before results of an earlier call, whose cells are not measured again
     */
    Campaign(List<Cell> cells, List<CellResult> before, double minutes, PrintStream progress) {
        this.cells = cells;
        this.minutes = minutes;
        this.progress = progress;
        results = new ArrayList<>(before);
    }

    /** All results there are, in the order of the cells. */
    List<CellResult> results() {
        return List.copyOf(results);
    }

    /** Cells that were not begun. */
    int left() {
        return left;
    }

    /** What went wrong, a line for each cell that has no result. */
    List<String> failures() {
        return failures;
    }

    /** Measures what is missing; a cell that fails does not keep the others from being measured. */
    void run(Function<Cell, CellResult> measure, Keeper keeper) throws IOException {
        List<Cell> missing = new ArrayList<>(cells);
        results.forEach(result -> missing.remove(result.cell()));
        long started = System.nanoTime();
        for (int i = 0; i < missing.size(); i++) {
            double passed = (System.nanoTime() - started) / MINUTE;
            double each = i == 0 ? 0 : passed / i;
            if (minutes > 0 && i > 0 && passed + each > minutes) {
                left = missing.size() - i;
                break;
            }
            CellResult result = attempt(missing.get(i), measure);
            if (result != null) {
                results.add(result);
                sort();
                keeper.keep(results());
            }
            tell(missing, i, result, (System.nanoTime() - started) / MINUTE);
        }
    }

    private @Nullable CellResult attempt(Cell cell, Function<Cell, CellResult> measure) {
        try {
            return measure.apply(cell);
        } catch (BenchFailure e) {
            failures.add(cell + ": "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
            progress.println(cell + " failed: " + e.getMessage());
            return null;
        }
    }

    /** The order of the cells; others, of an earlier call, come first. */
    private void sort() {
        results.sort(Comparator.comparingInt(result -> cells.indexOf(result.cell())));
    }

    private void tell(List<Cell> missing, int done, @Nullable CellResult result, double passed) {
        int rest = missing.size() - done - 1;
        StringBuilder line = new StringBuilder("cell " + (cells.size() - rest) + " of " + cells.size());
        if (result != null) {
            line.append(", ").append(result.summary());
        }
        line.append(String.format(
                Locale.ROOT, "; %.1f min passed, about %.0f min left", passed, passed / (done + 1) * rest));
        progress.println(line);
    }
}
