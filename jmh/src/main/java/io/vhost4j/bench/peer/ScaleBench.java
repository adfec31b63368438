// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import io.vhost4j.examples.cli.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What a packet costs where one thread serves many devices, against the first number of devices. */
@Command(
        name = "scale",
        description =
                "Tells how long each back-end works on a packet with different numbers of devices at the same total"
                        + " rate; all numbers and back-ends take turns, so that ratios are those of a moment.",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false)
final class ScaleBench implements Callable<Integer> {
    @Mixin
    private LabOptions labOptions = new LabOptions();

    @Option(names = "--ring", paramLabel = "KIND", description = "One of ${COMPLETION-CANDIDATES}.")
    private RingKind ring = RingKind.PACKED;

    @Option(names = "--size", paramLabel = "BYTES", description = "Length of packets.")
    private int size = 64;

    @Option(
            names = "--devices",
            split = ",",
            paramLabel = "N",
            description = "The first number is what others are compared with.")
    private List<Integer> devices = List.of(1, 16, 64);

    @Option(names = "--rate", paramLabel = "PPS", description = "Packets per second over all devices.")
    private long rate = 1_000_000;

    @Option(names = "--pairs", paramLabel = "N", description = "Rounds.")
    private int pairs = 7;

    @Option(names = "--seconds", paramLabel = "S", description = "Measured in each run.")
    private double seconds = 1;

    @Option(names = "--settle", paramLabel = "S", description = "Before that, once a couple has the processors.")
    private double settle = 0.3;

    @Option(names = "--warm-up", paramLabel = "S", description = "Of fresh processes.")
    private double warmUp = 3;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all figures.")
    private @Nullable Path json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final PrintStream progress = System.err;

    @Override
    public Integer call() throws IOException {
        require(labOptions.complaint());
        require(
                devices.isEmpty()
                                || devices.stream().anyMatch(number -> number < 1 || number > CellOptions.MOST_DEVICES)
                        ? "--devices: 1 to " + CellOptions.MOST_DEVICES
                        : null);
        require(
                size < CellOptions.SMALLEST || size > Cell.BUFFER
                        ? "--size: " + CellOptions.SMALLEST + " to " + Cell.BUFFER + " bytes"
                        : null);
        require(rate < 1 ? "--rate must be at least 1" : null);
        require(pairs < 1 || warmUp < 0 ? "--pairs must be at least 1, --warm-up not negative" : null);
        require(seconds < 0.1 || settle < 0 ? "--seconds must be at least 0.1, --settle not negative" : null);
        labOptions.askForBusy();
        return labOptions.inLab(contenders().size(), progress, this::measure);
    }

    private void require(@Nullable String complaint) {
        Complaint.raise(spec, complaint);
    }

    /** Each back-end with each number of devices; those of a back-end are together. */
    private List<Contender> contenders() {
        List<Contender> all = new ArrayList<>();
        for (BackEndKind kind : labOptions.kinds()) {
            for (int number : devices) {
                Shape shape = new Shape(1, number, rate, 0);
                all.add(new Contender(kind, new Cell(ring, Traffic.MACSWAP, size, true, true, false, shape)));
            }
        }
        return all;
    }

    private int measure(Lab lab, Map<String, String> host) throws IOException {
        Method method = new Method(false, pairs, 1, Timing.of(warmUp, settle, seconds), labOptions.limits());
        List<Contender> contenders = contenders();
        Rounds rounds = new RoundMaker(lab, method, progress).make(contenders);
        new ScaleTable(rounds.kept(), labOptions.limits())
                .text(contenders, devices.size())
                .forEach(System.out::println);
        if (json != null) {
            ResultFile.write(
                    json,
                    Json.object()
                                    .put("host", Host.json(host))
                                    .put("method", method.toString())
                                    .put("cell", contenders.get(0).cell().toString())
                                    .put("disturbed_runs", rounds.disturbed())
                                    .put("runs", json(rounds, contenders))
                            + "\n");
        }
        return 0;
    }

    private static List<Json> json(Rounds rounds, List<Contender> contenders) {
        List<Json> runs = new ArrayList<>();
        for (List<Run> round : rounds.kept()) {
            for (int i = 0; i < contenders.size(); i++) {
                Run run = round.get(i);
                runs.add(Json.object()
                        .put("back_end", run.kind().toString())
                        .put("devices", contenders.get(i).cell().shape().devices())
                        .put("busy_ns_per_packet", ScaleTable.busy(run))
                        .put("pps", Math.round(run.pps()))
                        .put("cache_line_ns", run.lineNanos()));
            }
        }
        return runs;
    }
}
