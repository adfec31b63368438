// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.TextTable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How soon a back-end that was just started does what it does in the end. */
@Command(
        name = "start",
        description =
                "Tells how long fresh processes take, from the moment at which the front-end begins to move packets, to"
                        + " 90 %% of their final rate.",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false)
final class StartBench implements Callable<Integer> {
    @Mixin
    private LabOptions labOptions = new LabOptions();

    @Mixin
    private CellOptions cellOptions = new CellOptions();

    @Option(names = "--pairs", paramLabel = "N", description = "Starts of each back-end, in turn.")
    private int pairs = 3;

    @Option(names = "--seconds", paramLabel = "S", description = "Time that is watched; its last quarter is the end.")
    private int seconds = 8;

    @Option(names = "--step", paramLabel = "MS", description = "Time between two looks.")
    private int step = 100;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all figures, after each cell.")
    private @Nullable Path json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final PrintStream progress = System.err;

    @Override
    public Integer call() throws IOException {
        require(labOptions.complaint());
        require(cellOptions.complaint());
        require(pairs < 1 || seconds < 2 ? "--pairs must be at least 1, --seconds 2" : null);
        require(step < 20 || step > 1000 ? "--step: 20 to 1000 ms" : null);
        require(
                cellOptions.cells().stream().anyMatch(cell -> cell.shape().isPaced())
                        ? "--rate, --loads and --devices have no final rate to come to"
                        : null);
        return labOptions.inLab(1, progress, this::measure);
    }

    private void require(@Nullable String complaint) {
        Complaint.raise(spec, complaint);
    }

    /** Measures all cells; one that fails costs the others nothing. What there is is written after each. */
    private int measure(Lab lab, Map<String, String> host) throws IOException {
        TextTable table = new TextTable("cell", "back-end", "Mpps", "ms to 90 %", "worst");
        List<Json> cells = new ArrayList<>();
        int failures = 0;
        for (Cell cell : cellOptions.cells()) {
            try {
                List<StartRun> runs = starts(lab, cell);
                for (BackEndKind kind : labOptions.kinds()) {
                    table.row(row(
                            cell,
                            kind,
                            runs.stream().filter(run -> run.kind() == kind).toList()));
                }
                cells.add(Json.object()
                        .put("name", cell.toString())
                        .put("runs", runs.stream().map(StartBench::json).toList()));
                write(host, cells);
            } catch (BenchFailure e) {
                failures++;
                progress.println(cell + " failed: " + e.getMessage());
            }
        }
        table.lines().forEach(System.out::println);
        return failures == 0 ? 0 : 1;
    }

    /** Each back-end's starts in one cell, in turn. */
    private List<StartRun> starts(Lab lab, Cell cell) {
        List<StartRun> runs = new ArrayList<>();
        for (int i = 0; i < pairs; i++) {
            for (BackEndKind kind : labOptions.kinds()) {
                runs.add(run(lab, cell, kind));
            }
        }
        return runs;
    }

    private void write(Map<String, String> host, List<Json> cells) throws IOException {
        if (json != null) {
            ResultFile.write(json, Json.object().put("host", Host.json(host)).put("cells", cells) + "\n");
        }
    }

    /** A start during which the processors stayed where they were. */
    private StartRun run(Lab lab, Cell cell, BackEndKind kind) {
        Limits limits = labOptions.limits();
        for (int attempt = 0; attempt <= limits.retries(); attempt++) {
            double before = lab.lineNanos();
            StartRun run = attempt(lab, cell, kind);
            double after = lab.lineNanos();
            boolean stayed = Limits.isSamePlace(before, after) && limits.isRight(before);
            progress.printf(
                    Locale.ROOT,
                    "%s, %s: %.2f Mpps, 90 %% of it after %s ms (cache line %.0f ns, then %.0f ns)%s%n",
                    cell,
                    kind,
                    run.finalRate() / 1e6,
                    run.millisToAlmost().isPresent() ? "" + run.millisToAlmost().getAsInt() : "-",
                    before,
                    after,
                    stayed ? "" : " does not count");
            if (stayed) {
                return run;
            }
        }
        throw new BenchFailure(cell + ", " + kind + ": the processors moved during every start; try later");
    }

    private StartRun attempt(Lab lab, Cell cell, BackEndKind kind) {
        try (Couple couple = Couple.start(new Contender(kind, cell), lab, lab.seat(0))) {
            List<Double> rates = couple.watch(Duration.ofMillis(step), seconds * 1000 / step);
            couple.end();
            return new StartRun(kind, rates, step);
        } finally {
            lab.memory().removeFiles();
        }
    }

    private static String[] row(Cell cell, BackEndKind kind, List<StartRun> runs) {
        List<Double> millis = runs.stream()
                .map(run ->
                        run.millisToAlmost().isPresent() ? run.millisToAlmost().getAsInt() : Double.POSITIVE_INFINITY)
                .toList();
        Numbers times = Numbers.of(millis);
        double rate =
                Numbers.of(runs.stream().map(StartRun::finalRate).toList()).median();
        return new String[] {
            cell.toString(),
            kind.toString(),
            String.format(Locale.ROOT, "%.2f", rate / 1e6),
            String.format(Locale.ROOT, "%.0f", times.median()),
            String.format(Locale.ROOT, "%.0f", times.max())
        };
    }

    private static Json json(StartRun run) {
        Json json = Json.object()
                .put("back_end", run.kind().toString())
                .put("final_pps", Math.round(run.finalRate()))
                .put("step_ms", run.stepMillis())
                .putStrings(
                        "samples_pps",
                        run.rates().stream().map(rate -> "" + Math.round(rate)).toList());
        run.millisToAlmost().ifPresent(millis -> json.put("ms_to_90_percent", millis));
        return json;
    }
}
