// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Has contenders run in turn: A B A B and so on. */
final class RoundMaker {
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final Lab lab;
    private final Method method;
    private final PrintStream progress;

    RoundMaker(Lab lab, Method method, PrintStream progress) {
        this.lab = lab;
        this.method = method;
        this.progress = progress;
        lab.lineNanos(); // the first one is that of code that was never run
    }

    /** The rounds that the method wants; one with a run that stays disturbed does not count. */
    Rounds make(List<Contender> contenders) {
        List<List<Run>> kept = new ArrayList<>();
        int disturbed = 0;
        for (int start = 0; start < method.restarts(); start++) {
            try (Turns turns = Turns.begin(lab, contenders, method)) {
                int wanted = kept.size() + method.rounds(start);
                for (int i = 0;
                        kept.size() < wanted
                                && i < method.rounds(start) + method.limits().retries();
                        i++) {
                    List<Run> round = new ArrayList<>();
                    disturbed += round(contenders, turns, round);
                    if (round.size() == contenders.size()) {
                        kept.add(List.copyOf(round));
                    }
                }
                turns.end();
            }
        }
        if (kept.isEmpty()) {
            throw new BenchFailure(contenders.get(0).cell()
                    + ": every round was disturbed; end other programs, or allow more by --max-steal and --min-share");
        }
        return new Rounds(List.copyOf(kept), disturbed);
    }

    /** Adds a run of each contender to {@code round}, until one stays disturbed; returns how many were thrown away. */
    private int round(List<Contender> contenders, Turns turns, List<Run> round) {
        int disturbed = 0;
        for (int i = 0; i < contenders.size(); i++) {
            Run run = null;
            for (int attempt = 0;
                    attempt <= method.limits().retries() && (run == null || run.disturbance() != null);
                    attempt++) {
                double before = awaitPlace();
                run = turns.run(i).between(before, lab.lineNanos());
                disturbed += run.disturbance() == null ? 0 : 1;
                report(contenders.get(i), run);
            }
            if (run == null || run.disturbance() != null) {
                break;
            }
            if (i > 0 && !Limits.isSamePlace(run.lineNanos(), round.get(0).lineNanos())) {
                progress.println("the processors moved: the round is made again");
                return disturbed + 1;
            }
            round.add(run);
        }
        return disturbed;
    }

    /** Waits until the processors are where they should be; returns the time of a cache line. */
    private double awaitPlace() {
        double nanos = lab.lineNanos();
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
            nanos = lab.lineNanos();
        }
        return nanos;
    }

    private void report(Contender contender, Run run) {
        @Nullable String disturbance = run.disturbance();
        progress.printf(
                Locale.ROOT,
                "%s: %.2f Mpps%s%s (cache line %.0f ns, steal %.1f %%, workers %.1f %% and %.1f %%)%s%n",
                contender,
                run.pps() / 1e6,
                run.busyNanos().isPresent()
                        ? String.format(
                                Locale.ROOT, ", busy %.1f ns", run.busyNanos().getAsDouble())
                        : "",
                run.latency().map(latency -> ", " + latency).orElse(""),
                run.lineNanos(),
                run.stealPercent(),
                100 * run.backEndShare(),
                100 * run.frontEndShare(),
                disturbance == null ? "" : " does not count: " + disturbance);
    }
}
