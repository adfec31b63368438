// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
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

    @Option(names = "--rings", split = ",", description = "Of ${COMPLETION-CANDIDATES}.")
    private List<RingKind> rings = List.of(RingKind.values());

    @Option(names = "--traffic", split = ",", description = "Of ${COMPLETION-CANDIDATES}, as the guest sees it.")
    private List<Traffic> traffic = List.of(Traffic.values());

    @Option(names = "--sizes", split = ",", paramLabel = "BYTES", description = "Lengths of packets.")
    private List<Integer> sizes = List.of(64);

    @Option(
            names = "--mrg",
            arity = "1",
            split = ",",
            paramLabel = "WHETHER",
            description = "Mergeable receive buffers: true, false or both.")
    private List<Boolean> mergeable = List.of(true);

    @Option(
            names = "--in-order",
            arity = "1",
            split = ",",
            paramLabel = "WHETHER",
            description = "In-order use of buffers: true, false or both.")
    private List<Boolean> inOrder = List.of(true);

    @Option(
            names = "--vectorized",
            arity = "1",
            split = ",",
            paramLabel = "WHETHER",
            description = "The front-end's vector functions: true, false or both.")
    private List<Boolean> vectorized = List.of(false);

    @Option(names = "--pairs", paramLabel = "N", description = "Rounds of each cell.")
    private int pairs = 7;

    @Option(names = "--seconds", paramLabel = "S", description = "Measured in each run.")
    private int seconds = 5;

    @Option(names = "--warm-up", paramLabel = "S", description = "Before that.")
    private int warmUp = 3;

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

    @Option(names = "--no-huge", negatable = false, description = "Do not use huge pages.")
    private boolean noHuge;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all figures.")
    private @Nullable Path json;

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
        check(cells);
        PrintStream progress = System.err;
        Path folder = Path.of(System.getProperty("java.io.tmpdir"));
        Path project = Path.of(System.getProperty("vhost4j.project", "."));
        Path socket = folder.resolve(LabMemory.PREFIX + "socket");
        OneAtATime turn = OneAtATime.await(progress);
        try (turn;
                LabMemory memory = LabMemory.prepare(folder.resolve(LabMemory.PREFIX + "huge"), !noHuge)) {
            if (!memory.huge()) {
                progress.println("no huge pages: both sides use normal ones");
            }
            Path launcher = project.resolve("examples/vhost4j");
            Lab lab = new Lab(testpmd, nativeTestpmd, launcher, backEndCpu, frontEndCpu, socket, memory, busy);
            Limits limits = new Limits(warmUp, seconds, maxSteal, minShare, retries);
            Comparison comparison = new Comparison(lab, limits, kinds, pairs, progress);
            List<CellResult> results = new ArrayList<>();
            for (Cell cell : cells) {
                results.add(comparison.measure(cell));
            }
            String command = "jmh/peer-bench " + String.join(" ", arguments);
            publish(new Report(Host.describe(project, memory.huge()), command, busy, results));
        }
        return 0;
    }

    private void check(List<Cell> cells) {
        require(
                !cells.isEmpty(),
                "no cell is possible: the vector functions need --mrg false, and --in-order true for packed rings,"
                        + " false for split ones");
        require(kinds.size() == kinds.stream().distinct().count(), "--back-ends: each only once");
        require(
                kinds.size() > 1 || (svg == null && markdown == null),
                "--svg and --markdown show ratios: give two --back-ends");
        require(markdown == null || svg != null, "--markdown shows the chart: give --svg, too");
        require(backEndCpu != frontEndCpu, "--back-end-cpu and --front-end-cpu must differ");
        require(
                pairs > 0 && seconds > 0 && warmUp >= 0 && retries >= 0,
                "--pairs and --seconds must be at least 1, the others not negative");
        require(
                !kinds.contains(BackEndKind.DPDK_NATIVE) || nativeTestpmd != null,
                "dpdk-native: give its program by --native");
        require(sizes.stream().allMatch(size -> size >= 60 && size <= 2048), "--sizes: 60 to 2048 bytes");
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), otherwise);
        }
    }

    List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (RingKind ring : rings) {
            for (Traffic way : traffic) {
                for (int size : sizes) {
                    addVariants(cells, ring, way, size);
                }
            }
        }
        return cells;
    }

    private void addVariants(List<Cell> cells, RingKind ring, Traffic way, int size) {
        for (boolean merging : mergeable) {
            for (boolean ordered : inOrder) {
                for (boolean vector : vectorized) {
                    Cell cell = new Cell(ring, way, size, merging, ordered, vector);
                    if (cell.possible()) {
                        cells.add(cell);
                    }
                }
            }
        }
    }

    private void publish(Report report) throws IOException {
        report.text().forEach(System.out::println);
        if (json != null) {
            Files.writeString(json, report.json() + "\n");
        }
        if (svg != null) {
            Files.writeString(svg, RatioChart.of(report.results(), title));
        }
        if (markdown != null && svg != null) {
            Files.writeString(markdown, report.markdown(title, svg.getFileName().toString()));
        }
    }
}
