// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What {@code VhostDriver.warmUp()} does for the first packets of a process: fresh processes with and without it take turns. Arguments: rounds
 * (default 5), milliseconds of polls that find nothing before the first packet (default 1000).
 */
public final class FirstPackets {
    private final int rounds;
    private final String idleMillis;
    private final Path log;

    private FirstPackets(int rounds, String idleMillis, Path log) {
        this.rounds = rounds;
        this.idleMillis = idleMillis;
        this.log = log;
    }

    /** Runs. */
    public static void main(String[] args) throws IOException, InterruptedException {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        String idle = args.length > 1 ? args[1] : "1000";
        Path log = Files.createTempFile("vhost4j-first-packets", ".log");
        try {
            FirstPackets comparison = new FirstPackets(rounds, idle, log);
            PrintStream out = System.out;
            out.println("| ring | warm-up, ms | ns per packet in 50 ms: 1 | 2 | 3 | 4 | later | longest burst, us |"
                    + " deoptimizations |");
            out.println("|---|---|---|---|---|---|---|---|---|");
            for (RingLayout layout : RingLayout.values()) {
                comparison.compare(layout, out);
            }
        } finally {
            Files.delete(log);
        }
    }

    private void compare(RingLayout layout, PrintStream out) throws IOException, InterruptedException {
        List<double[]> with = new ArrayList<>();
        List<double[]> without = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
            without.add(run(layout, false));
            with.add(run(layout, true));
        }
        out.println(row(layout, "none", without));
        out.println(row(layout, String.format(Locale.ROOT, "%.0f", median(with, 0)), with));
    }

    private static String row(RingLayout layout, String warmUp, List<double[]> runs) {
        StringBuilder row = new StringBuilder("| " + layout.name().toLowerCase(Locale.ROOT) + " | " + warmUp);
        int windows = 3 + FirstPacketsRun.WINDOWS;
        for (int i = 3; i <= windows; i++) {
            row.append(String.format(Locale.ROOT, " | %.1f", median(runs, i)));
        }
        return row.append(String.format(Locale.ROOT, " | %.0f | %.0f |", median(runs, 2) / 1000, median(runs, 1)))
                .toString();
    }

    private static double median(List<double[]> runs, int column) {
        double[] sorted = runs.stream().mapToDouble(run -> run[column]).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private double[] run(RingLayout layout, boolean warmUp) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xlog:deoptimization=debug:file=" + log + "::filecount=0",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FirstPacketsRun.class.getName(),
                        layout.name(),
                        Boolean.toString(warmUp),
                        idleMillis,
                        log.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException("a run failed: " + text);
        }
        return List.of(text.strip().split(" ")).stream()
                .mapToDouble(Double::parseDouble)
                .toArray();
    }
}
