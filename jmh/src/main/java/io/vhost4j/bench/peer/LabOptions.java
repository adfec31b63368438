// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say what runs where, and what may disturb it. */
final class LabOptions {
    /** What is done in a lab. */
    interface Work {
        /** Returns the program's exit code; {@code host} is what the machine is. */
        int run(Lab lab, Map<String, String> host) throws IOException;
    }

    @Option(
            names = "--back-ends",
            split = ",",
            paramLabel = "LIST",
            description = "Of vhost4j, vhost4j-no-pause, vhost4j-no-prefetch, dpdk, dpdk-native.")
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

    List<BackEndKind> kinds() {
        return kinds;
    }

    boolean busy() {
        return busy;
    }

    /** As if {@code --busy} were given. */
    void askForBusy() {
        busy = true;
    }

    Limits limits() {
        return new Limits(maxSteal, minShare, retries, place, near, patience);
    }

    /** What is wrong with them, or null. */
    @Nullable
    String complaint() {
        if (kinds.size() != kinds.stream().distinct().count()) {
            return "--back-ends: each only once";
        }
        if (backEndCpu == frontEndCpu) {
            return "--back-end-cpu and --front-end-cpu must differ";
        }
        if (retries < 0 || near <= 0 || patience < 0) {
            return "--near must be positive, --retries and --patience not negative";
        }
        return kinds.contains(BackEndKind.DPDK_NATIVE) && nativeTestpmd == null
                ? "dpdk-native: give its program by --native"
                : null;
    }

    /** Waits for its turn, and has the memory for so many couples at once as long as {@code work} takes. */
    int inLab(int couples, PrintStream progress, Work work) throws IOException {
        Path folder = Path.of(System.getProperty("java.io.tmpdir"));
        Path project = Path.of(System.getProperty("vhost4j.project", "."));
        OneAtATime turn = OneAtATime.await(progress);
        try (turn;
                LabMemory memory = LabMemory.prepare(folder.resolve(LabMemory.PREFIX + "huge"), !noHuge, couples)) {
            if (!memory.huge()) {
                progress.println("no huge pages: both sides use normal ones");
            }
            Path launcher = project.resolve("examples/vhost4j");
            Lab lab = new Lab(testpmd, nativeTestpmd, launcher, backEndCpu, frontEndCpu, folder, memory, busy);
            return work.run(lab, Host.describe(project, memory.huge()));
        }
    }
}
