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
import picocli.CommandLine.ParameterException;
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
        sortOptions = false)
public final class PeerBench implements Callable<Integer> {
    private static final int FAILED = 1;

    @Option(names = "--back-ends", split = ",", paramLabel = "LIST", description = "Of vhost4j, dpdk, dpdk-native.")
    private List<BackEndKind> kinds = List.of(BackEndKind.VHOST4J, BackEndKind.DPDK);

    @Option(
            names = "--native",
            paramLabel = "PATH",
            description = "dpdk-testpmd built for this processor, for dpdk-native.")
    private @Nullable String nativeTestpmd;

    @Option(
            names = "--testpmd",
            paramLabel = "PATH",
            description = "dpdk-testpmd: the front-end, and the back-end dpdk.")
    private String testpmd = "dpdk-testpmd";

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

    @Option(
            names = "--busy",
            description = "Also let the back-ends tell how long they worked on a packet; slows them a little.")
    private boolean busy;

    @Option(names = "--back-end-cpu", paramLabel = "N", description = "Where the back-end's worker runs.")
    private int backEndCpu;

    @Option(names = "--front-end-cpu", paramLabel = "N", description = "Where the front-end's worker runs.")
    private int frontEndCpu = 1;

    @Option(names = "--max-steal", paramLabel = "PERCENT", description = "Of a worker's processor, by the hypervisor.")
    private double maxSteal = 1;

    @Option(names = "--min-share", paramLabel = "PERCENT", description = "Of its processor that each worker must get.")
    private double minShare = 97;

    @Option(names = "--retries", paramLabel = "N", description = "Of a run that was disturbed more than that.")
    private int retries = 3;

    @Option(
            names = "--place",
            description = "${COMPLETION-CANDIDATES}: how far the workers' processors must be from each other; virtual"
                    + " ones are moved, which changes rates severalfold.")
    private Place place = Place.ANY;

    @Option(
            names = "--near",
            paramLabel = "NS",
            description = "Near is where a cache line goes there and back in less than this time.")
    private double near = 200;

    @Option(names = "--patience", paramLabel = "S", description = "Time to wait for the place before each run.")
    private double patience = 60;

    @Option(names = "--no-huge", negatable = false, description = "Do not use huge pages.")
    private boolean noHuge;

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
        Path folder = Path.of(System.getProperty("java.io.tmpdir"));
        Path project = Path.of(System.getProperty("vhost4j.project", "."));
        int couples = fresh ? 1 : kinds.size();
        OneAtATime turn = OneAtATime.await(progress);
        try (turn;
                LabMemory memory = LabMemory.prepare(folder.resolve(LabMemory.PREFIX + "huge"), !noHuge, couples)) {
            if (!memory.huge()) {
                progress.println("no huge pages: both sides use normal ones");
            }
            Path launcher = project.resolve("examples/vhost4j");
            Lab lab = new Lab(testpmd, nativeTestpmd, launcher, backEndCpu, frontEndCpu, folder, memory, busy);
            return compare(cells, lab, Host.describe(project, memory.huge()), progress);
        }
    }

    private int compare(List<Cell> cells, Lab lab, Map<String, String> host, PrintStream progress) throws IOException {
        List<CellResult> before = List.of();
        if (resume != null && Files.exists(resume)) {
            before = ResultFile.read(resume.toString(), Files.readString(resume), host, method(), kinds);
        }
        Campaign campaign = new Campaign(cells, before, minutes, progress);
        String command = "jmh/peer-bench " + String.join(" ", arguments);
        Comparison comparison = new Comparison(lab, method(), kinds, progress);
        campaign.run(comparison::measure, results -> publish(new Report(host, method(), command, busy, results)));
        if (!campaign.results().isEmpty()) {
            new Report(host, method(), command, busy, campaign.results()).text().forEach(System.out::println);
        }
        if (campaign.left() > 0) {
            progress.println(campaign.left() + " cells are left for another call");
        }
        campaign.failures().forEach(failure -> progress.println("no result: " + failure));
        return campaign.failures().isEmpty() ? 0 : FAILED;
    }

    private void check() {
        String complaint = cellOptions.complaint();
        require(complaint == null, complaint == null ? "" : complaint);
        require(kinds.size() == kinds.stream().distinct().count(), "--back-ends: each only once");
        require(
                kinds.size() > 1 || (svg == null && markdown == null),
                "--svg and --markdown show ratios: give two --back-ends");
        require(markdown == null || svg != null, "--markdown shows the chart: give --svg, too");
        require(backEndCpu != frontEndCpu, "--back-end-cpu and --front-end-cpu must differ");
        require(
                pairs > 0 && warmUp >= 0 && retries >= 0 && minutes >= 0,
                "--pairs must be at least 1, --warm-up, --retries and --minutes not negative");
        require(near > 0 && patience >= 0, "--near must be positive, --patience not negative");
        require(seconds == null || (seconds >= 0.1 && seconds <= 3600), "--seconds: 0.1 to 3600");
        require(settle == null || (settle >= 0 && settle <= 60), "--settle: 0 to 60 seconds");
        require(restarts >= 1 && restarts <= pairs, "--restarts: 1 to --pairs");
        require(restarts == 1 || !fresh, "--restarts: with --fresh, all runs are in processes of their own");
        require(resume == null || json == null, "--resume names the file to write: leave --json out");
        require(
                !kinds.contains(BackEndKind.DPDK_NATIVE) || nativeTestpmd != null,
                "dpdk-native: give its program by --native");
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), otherwise);
        }
    }

    List<Cell> cells() {
        return cellOptions.cells();
    }

    Method method() {
        double settling = fresh ? 1 : 0.3;
        double measured = fresh ? 5 : 1;
        Timing timing = Timing.of(
                warmUp, Objects.requireNonNullElse(settle, settling), Objects.requireNonNullElse(seconds, measured));
        return new Method(
                fresh, pairs, restarts, timing, new Limits(maxSteal, minShare, retries, place, near, patience));
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
