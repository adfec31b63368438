// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs the back-ends of each cell in turn. */
final class Comparison {
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final Lab lab;
    private final Method method;
    private final List<BackEndKind> kinds;
    private final PrintStream progress;
    private final Map<Cell, Long> capacities = new HashMap<>();

    Comparison(Lab lab, Method method, List<BackEndKind> kinds, PrintStream progress) {
        this.lab = lab;
        this.method = method;
        this.kinds = kinds;
        this.progress = progress;
        line(); // the first one is that of code that was never run
    }

    /** Measures one cell: A B A B and so on. A round with a run that stays disturbed does not count. */
    CellResult measure(Cell cell) {
        Cell paced = cell.shape().load() == 0
                ? cell
                : cell.at(capacity(cell) * cell.shape().load() / 100);
        List<List<Run>> kept = new ArrayList<>();
        int disturbed = 0;
        for (int start = 0; start < method.restarts(); start++) {
            try (Turns turns = Turns.begin(lab, paced, kinds, method)) {
                int wanted = kept.size() + method.rounds(start);
                for (int i = 0;
                        kept.size() < wanted
                                && i < method.rounds(start) + method.limits().retries();
                        i++) {
                    List<Run> round = new ArrayList<>();
                    disturbed += round(paced, turns, round);
                    if (round.size() == kinds.size()) {
                        kept.add(List.copyOf(round));
                    }
                }
                turns.end();
            }
        }
        if (kept.isEmpty()) {
            throw new BenchFailure(cell
                    + ": every round was disturbed; end other programs, or allow more by --max-steal and --min-share");
        }
        return new CellResult(cell, kinds, List.copyOf(kept), disturbed);
    }

    /** What the last back-end does at most with the front-end that keeps to a rate, in packets per second; found out once. */
    private long capacity(Cell cell) {
        return capacities.computeIfAbsent(cell.at(Shape.FULL), full -> {
            Method once = method.with(1);
            List<BackEndKind> reference = List.of(kinds.get(kinds.size() - 1));
            return Math.round(new Comparison(lab, once, reference, progress)
                    .measure(full)
                    .pps(0)
                    .median());
        });
    }

    /** Adds a run of each back-end to {@code round}, until one stays disturbed; returns how many were thrown away. */
    private int round(Cell cell, Turns turns, List<Run> round) {
        int disturbed = 0;
        for (int kind = 0; kind < kinds.size(); kind++) {
            Run run = null;
            for (int attempt = 0;
                    attempt <= method.limits().retries() && (run == null || run.disturbance() != null);
                    attempt++) {
                double before = awaitPlace();
                run = turns.run(kind).between(before, line());
                disturbed += run.disturbance() == null ? 0 : 1;
                report(cell, run);
            }
            if (run == null || run.disturbance() != null) {
                break;
            }
            if (kind > 0 && !Limits.isSamePlace(run.lineNanos(), round.get(0).lineNanos())) {
                progress.println("the processors moved: the round is made again");
                return disturbed + 1;
            }
            round.add(run);
        }
        return disturbed;
    }

    private double line() {
        return CacheLine.roundTripNanos(lab.frontEndCpu(), lab.backEndCpu());
    }

    /** Waits until the processors are where they should be; returns the time of a cache line. */
    private double awaitPlace() {
        double nanos = line();
        long end = System.nanoTime() + Math.round(method.limits().patienceSeconds() * 1e9);
        while (!method.limits().isRight(nanos)) {
            if (System.nanoTime() > end) {
                throw new BenchFailure(String.format(
                        Locale.ROOT,
                        "the processors are not %s for %.0f s: a cache line takes %.0f ns; try later, or --place any",
                        method.limits().place(),
                        method.limits().patienceSeconds(),
                        nanos));
            }
            Couple.sleep(PAUSE);
            nanos = line();
        }
        return nanos;
    }

    private void report(Cell cell, Run run) {
        @Nullable String disturbance = run.disturbance();
        progress.printf(
                Locale.ROOT,
                "%s, %s: %.2f Mpps%s (cache line %.0f ns, steal %.1f %%, workers %.1f %% and %.1f %%)%s%n",
                cell,
                run.kind(),
                run.pps() / 1e6,
                run.latency().map(latency -> ", " + latency).orElse(""),
                run.lineNanos(),
                run.stealPercent(),
                100 * run.backEndShare(),
                100 * run.frontEndShare(),
                disturbance == null ? "" : " does not count: " + disturbance);
    }
}
