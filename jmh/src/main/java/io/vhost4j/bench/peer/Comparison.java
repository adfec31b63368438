// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Runs the back-ends of each cell in turn. */
final class Comparison {
    private final Lab lab;
    private final Limits limits;
    private final List<BackEndKind> kinds;
    private final int rounds;
    private final PrintStream progress;

    Comparison(Lab lab, Limits limits, List<BackEndKind> kinds, int rounds, PrintStream progress) {
        this.lab = lab;
        this.limits = limits;
        this.kinds = kinds;
        this.rounds = rounds;
        this.progress = progress;
    }

    /** Measures one cell: A B A B and so on. A round with a run that stays disturbed does not count. */
    CellResult measure(Cell cell) {
        List<List<Run>> kept = new ArrayList<>();
        int disturbed = 0;
        for (int i = 1; i <= rounds; i++) {
            List<Run> round = new ArrayList<>();
            for (BackEndKind kind : kinds) {
                Run run = null;
                for (int attempt = 0;
                        attempt <= limits.retries() && (run == null || run.disturbance() != null);
                        attempt++) {
                    run = Run.of(kind, lab, cell, limits);
                    disturbed += run.disturbance() == null ? 0 : 1;
                    report(cell, i, run);
                }
                if (run == null || run.disturbance() != null) {
                    break;
                }
                round.add(run);
            }
            if (round.size() == kinds.size()) {
                kept.add(List.copyOf(round));
            }
        }
        if (kept.isEmpty()) {
            throw new BenchFailure(cell
                    + ": every round was disturbed; end other programs, or allow more by --max-steal and --min-share");
        }
        return new CellResult(cell, kinds, List.copyOf(kept), disturbed);
    }

    private void report(Cell cell, int round, Run run) {
        @Nullable String disturbance = run.disturbance();
        progress.printf(
                Locale.ROOT,
                "%s, round %d of %d, %s: %.2f Mpps (steal %.1f %%, workers %.1f %% and %.1f %%)%s%n",
                cell,
                round,
                rounds,
                run.kind(),
                run.pps() / 1e6,
                run.stealPercent(),
                100 * run.backEndShare(),
                100 * run.frontEndShare(),
                disturbance == null ? "" : " does not count: " + disturbance);
    }
}
