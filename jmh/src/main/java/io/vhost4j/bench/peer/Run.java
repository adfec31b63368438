// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One back-end serving one front-end for some seconds.
 *
 * @param pps the median of the samples, packets per second
 * @param samples packets per second in each interval that counts
 * @param stealPercent of the worse of both workers' processors
 * @param backEndShare part of its processor that the back-end's worker got, 0 to 1
 * @param frontEndShare the same of the front-end's
 * @param busyNanos of the back-end for each packet, if it tells
 * @param versions of the back-end and of the front-end
 * @param commands that started them
 * @param disturbance why it does not count, or null if it does
 */
record Run(
        BackEndKind kind,
        double pps,
        List<Double> samples,
        double stealPercent,
        double backEndShare,
        double frontEndShare,
        OptionalDouble busyNanos,
        List<String> versions,
        List<List<String>> commands,
        @Nullable String disturbance) {
    private static final long SECOND = 1_000_000_000;

    /** Starts both sides, measures, and ends them. */
    static Run of(BackEndKind kind, Lab lab, Cell cell, Limits limits) {
        removeSocket(lab);
        try (BackEnd back = BackEnd.start(kind, lab, cell);
                Testpmd front = Testpmd.frontEnd(lab, cell)) {
            back.go();
            front.startForwarding(cell.traffic().startCommand());
            Window window = Window.measure(back, front, limits);
            CpuUse.requirePinned(window.backWorker, lab.backEndCpu(), "back-end");
            CpuUse.requirePinned(window.frontWorker, lab.frontEndCpu(), "front-end");
            front.stopForwarding();
            front.quit();
            OptionalDouble busy = back.stop();
            return window.evaluate(kind, lab, cell, limits, back, front, busy);
        } finally {
            removeSocket(lab);
            lab.memory().removeFiles();
        }
    }

    private static void removeSocket(Lab lab) {
        try {
            Files.deleteIfExists(lab.socket());
        } catch (IOException e) {
            throw new BenchFailure(lab.socket() + " cannot be removed: " + e.getMessage(), e);
        }
    }

    /** The middle of a run. */
    private record Window(
            CpuUse begin, CpuUse end, CpuUse.Worker backWorker, CpuUse.Worker frontWorker, List<Sample> samples) {
        static Window measure(BackEnd back, Testpmd front, Limits limits) {
            List<Long> backPids = back.child().pids();
            List<Long> frontPids = front.child().pids();
            List<Long> all = new ArrayList<>(backPids);
            all.addAll(frontPids);
            sleepUntil(System.nanoTime() + limits.warmUpSeconds() * SECOND);
            front.sample();
            long start = System.nanoTime();
            sleepUntil(start + SECOND);
            front.sample();
            CpuUse begin = CpuUse.now(all);
            List<Sample> samples = new ArrayList<>();
            for (int i = 1; i <= limits.seconds(); i++) {
                sleepUntil(start + (i + 1) * SECOND);
                samples.add(front.sample());
            }
            CpuUse end = CpuUse.now(all);
            CpuUse.Worker backWorker = end.worker(begin, backPids);
            CpuUse.Worker frontWorker = end.worker(begin, frontPids);
            sleepUntil(start + (limits.seconds() + 2) * SECOND);
            front.sample();
            return new Window(begin, end, backWorker, frontWorker, samples);
        }

        private static void sleepUntil(long nanos) {
            try {
                TimeUnit.NANOSECONDS.sleep(nanos - System.nanoTime());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new BenchFailure("interrupted", e);
            }
        }

        Run evaluate(
                BackEndKind kind, Lab lab, Cell cell, Limits limits, BackEnd back, Testpmd front, OptionalDouble busy) {
            double[] rates = cell.traffic().packetsPerSecond(samples);
            Numbers numbers = Numbers.of(rates);
            if (numbers.min() <= 0) {
                throw new BenchFailure(kind + ": no packets in a second of " + cell + ": the traffic stopped");
            }
            double steal = 100 * Math.max(end.stolen(begin, lab.backEndCpu()), end.stolen(begin, lab.frontEndCpu()));
            List<Double> boxed = new ArrayList<>();
            for (double rate : rates) {
                boxed.add(rate);
            }
            return new Run(
                    kind,
                    numbers.median(),
                    List.copyOf(boxed),
                    steal,
                    backWorker.share(),
                    frontWorker.share(),
                    busy,
                    List.of(back.version(), front.version()),
                    List.of(back.child().command(), front.child().command()),
                    disturbance(limits, steal, backWorker.share(), frontWorker.share()));
        }
    }

    /** What disturbed a run too much, or null. */
    static @Nullable String disturbance(Limits limits, double stealPercent, double backShare, double frontShare) {
        if (stealPercent > limits.stealPercent()) {
            return String.format(Locale.ROOT, "%.1f %% of a processor was stolen", stealPercent);
        }
        if (100 * Math.min(backShare, frontShare) < limits.sharePercent()) {
            return String.format(
                    Locale.ROOT,
                    "the workers got %.0f %% and %.0f %% of their processors",
                    100 * backShare,
                    100 * frontShare);
        }
        return null;
    }
}
