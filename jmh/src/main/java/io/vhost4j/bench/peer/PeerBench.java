// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The program {@code jmh/peer-bench}. */
@Command(
        name = "peer-bench",
        description = {
            "Compares vhost4j with DPDK's net_vhost in front of dpdk-testpmd's virtio-user.",
            "Each cell is measured in rounds, in which the back-ends take turns; what counts is the ratio of the first"
                    + " one to each of the others, within a round."
        },
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false,
        subcommands = {StartBench.class, ScaleBench.class})
public final class PeerBench implements Callable<Integer> {
    private static final int FAILED = 1;

    @Mixin
    private LabOptions labOptions = new LabOptions();

    @Mixin
    private CellOptions cellOptions = new CellOptions();

    @Option(names = "--pairs", paramLabel = "N", description = "Rounds of each cell.")
    private int pairs = 7;

    @Option(
            names = "--fresh",
            description = "Start new processes for each run; else each back-end has a front-end of its own, and those"
                    + " that are not measured are stopped.")
    private boolean fresh;

    @Option(
            names = "--restarts",
            paramLabel = "N",
            description =
                    "Start the processes of a cell so often, each time for a part of the rounds; without" + " --fresh.")
    private int restarts = 1;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "Measured in each run, in intervals of a second; default 1, with --fresh 5.")
    private @Nullable Double seconds;

    @Option(
            names = "--settle",
            paramLabel = "S",
            description = "Before that, once a couple has the processors; default 0.3, with --fresh 1.")
    private @Nullable Double settle;

    @Option(names = "--warm-up", paramLabel = "S", description = "Of fresh processes.")
    private double warmUp = 3;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all figures, after each cell.")
    private @Nullable Path json;

    @Option(
            names = "--resume",
            paramLabel = "FILE",
            description = "As --json, but keep the cells that are in it already, if it is there.")
    private @Nullable Path resume;

    @Option(
            names = "--minutes",
            paramLabel = "M",
            description = "Begin no cell that would end after this time, 0 for no limit; --resume goes on with the"
                    + " rest.")
    private double minutes;

    @Option(names = "--svg", paramLabel = "FILE", description = "Write a chart of the ratios.")
    private @Nullable Path svg;

    @Option(
            names = "--markdown",
            paramLabel = "FILE",
            description = "Write a page with table, machine and commands; needs --svg.")
    private @Nullable Path markdown;

    @Option(names = "--title", description = "Of the chart and the page.")
    private String title = "vhost4j and DPDK, same front-end";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final List<String> arguments;

    private PeerBench(List<String> arguments) {
        this.arguments = arguments;
    }

    /**
     * Runs the comparison and ends the process: 0 for success, 1 for a failure, 2 for wrong options.
     *
     * @param args see {@code --help}
     */
    public static void main(String[] args) {
        System.exit(line(List.of(args)).execute(args));
    }

    static CommandLine line(List<String> arguments) {
        return new CommandLine(new PeerBench(arguments))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(BackEndKind.class, new BackEndKind.Converter())
                .setExecutionExceptionHandler((failure, at, parsed) -> failed(failure));
    }

    private static int failed(Exception failure) throws Exception {
        if (failure instanceof BenchFailure) {
            System.err.println("peer-bench: " + failure.getMessage());
            return FAILED;
        }
        throw failure;
    }

    @Override
    public Integer call() throws IOException {
        List<Cell> cells = cells();
        check();
        PrintStream progress = System.err;
        int couples = fresh ? 1 : labOptions.kinds().size();
        return labOptions.inLab(couples, progress, (lab, host) -> compare(cells, lab, host, progress));
    }

    private int compare(List<Cell> cells, Lab lab, Map<String, String> host, PrintStream progress) throws IOException {
        List<CellResult> before = List.of();
        if (resume != null && Files.exists(resume)) {
            before = ResultFile.read(resume.toString(), Files.readString(resume), host, method(), labOptions.kinds());
        }
        Campaign campaign = new Campaign(cells, before, minutes, progress);
        String command = "jmh/peer-bench " + String.join(" ", arguments);
        Comparison comparison = new Comparison(lab, method(), labOptions.kinds(), progress);
        campaign.run(
                comparison::measure,
                results -> publish(new Report(host, method(), command, labOptions.busy(), results)));
        if (!campaign.results().isEmpty()) {
            new Report(host, method(), command, labOptions.busy(), campaign.results())
                    .text()
                    .forEach(System.out::println);
        }
        if (campaign.left() > 0) {
            progress.println(campaign.left() + " cells are left for another call");
        }
        campaign.failures().forEach(failure -> progress.println("no result: " + failure));
        return campaign.failures().isEmpty() ? 0 : FAILED;
    }

    private void check() {
        Complaint.raise(spec, labOptions.complaint());
        Complaint.raise(spec, cellOptions.complaint());
        require(
                labOptions.kinds().size() > 1 || (svg == null && markdown == null),
                "--svg and --markdown show ratios: give two --back-ends");
        require(markdown == null || svg != null, "--markdown shows the chart: give --svg, too");
        require(
                pairs > 0 && warmUp >= 0 && minutes >= 0,
                "--pairs must be at least 1, --warm-up and --minutes not negative");
        require(seconds == null || (seconds >= 0.1 && seconds <= 3600), "--seconds: 0.1 to 3600");
        require(settle == null || (settle >= 0 && settle <= 60), "--settle: 0 to 60 seconds");
        require(restarts >= 1 && restarts <= pairs, "--restarts: 1 to --pairs");
        require(restarts == 1 || !fresh, "--restarts: with --fresh, all runs are in processes of their own");
        require(resume == null || json == null, "--resume names the file to write: leave --json out");
    }

    private void require(boolean condition, String otherwise) {
        Complaint.raise(spec, condition ? null : otherwise);
    }

    List<Cell> cells() {
        return cellOptions.cells();
    }

    Method method() {
        double settling = fresh ? 1 : 0.3;
        double measured = fresh ? 5 : 1;
        Timing timing = Timing.of(
                warmUp, Objects.requireNonNullElse(settle, settling), Objects.requireNonNullElse(seconds, measured));
        return new Method(fresh, pairs, restarts, timing, labOptions.limits());
    }

    /** Writes the files that are wanted; called after each cell. */
    private void publish(Report report) throws IOException {
        Path file = resume != null ? resume : json;
        if (file != null) {
            ResultFile.write(file, report.json() + "\n");
        }
        if (svg != null) {
            ResultFile.write(svg, RatioChart.of(report.results(), title));
        }
        if (markdown != null && svg != null) {
            ResultFile.write(markdown, report.markdown(title, svg.getFileName().toString()));
        }
    }
}
