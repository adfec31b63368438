// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;

/** A back-end with its own front-end, moving packets from construction on unless it is suspended. For one thread. */
final class Couple implements AutoCloseable {
    private final BackEndKind kind;
    private final Lab lab;
    private final Seat seat;
    private final Cell cell;
    private final BackEnd back;
    private final FrontEnd front;
    private final Runnable atExit = this::resumeQuietly;
    private volatile boolean suspended;

    private Couple(BackEndKind kind, Lab lab, Seat seat, Cell cell, BackEnd back, FrontEnd front) {
        this.kind = kind;
        this.lab = lab;
        this.seat = seat;
        this.cell = cell;
        this.back = back;
        this.front = front;
    }

    /** Starts both sides and the traffic. */
    static Couple start(Contender contender, Lab lab, Seat seat) {
        BackEndKind kind = contender.kind();
        Cell cell = contender.cell();
        seat.clear(cell.shape().devices());
        BackEnd back = BackEnd.start(kind, lab, seat, cell);
        try {
            FrontEnd front = FrontEnd.start(lab, seat, cell);
            Couple couple = new Couple(kind, lab, seat, cell, back, front);
            try {
                AtExit.add(couple.atExit);
                back.go();
                front.begin(cell);
                return couple;
            } catch (BenchFailure e) {
                couple.close();
                throw e;
            }
        } catch (BenchFailure e) {
            back.close();
            throw e;
        }
    }

    BackEndKind kind() {
        return kind;
    }

    /**
     * Takes the processors from both sides: first from the front-end, so that the back-end does what there is to do. Rings are then as they
     * are before a front-end starts: full where packets go to the guest, empty where they come from it.
     */
    void suspend() {
        suspended = true;
        signal(Signal.STOP, front.child());
        signal(Signal.STOP, back.child());
    }

    /** Gives them back in the order of a start. */
    void resume() {
        signal(Signal.CONT, back.child());
        signal(Signal.CONT, front.child());
        suspended = false;
    }

    private void signal(Signal signal, Child child) {
        if (!signal.send(child.pids())) {
            throw new BenchFailure(kind + ": a side has ended in " + cell);
        }
    }

    private void resumeQuietly() {
        if (suspended) {
            Signal.CONT.send(pids()); // what has ended needs none
        }
    }

    private List<Long> pids() {
        List<Long> pids = new ArrayList<>(back.child().pids());
        pids.addAll(front.child().pids());
        return pids;
    }

    /** Measures, but for the time of a cache line; the couple has had the processors for itself for the time to settle. */
    Run measure(Timing timing, Limits limits) {
        List<Long> all = pids();
        Busy busyBefore = back.busy();
        front.mark();
        CpuUse begin = CpuUse.now(all);
        List<Double> rates = new ArrayList<>();
        List<Latency> latencies = new ArrayList<>();
        for (int i = 0; i < timing.intervals(); i++) {
            Sample sample = front.next(timing.interval());
            rates.add(cell.traffic().packetsPerSecond(sample));
            sample.latency().ifPresent(latencies::add);
        }
        CpuUse end = CpuUse.now(all);
        OptionalDouble busy = back.busy().nanosPerPacketSince(busyBefore);
        CpuUse.Worker backWorker = end.worker(begin, back.child().pids());
        CpuUse.Worker frontWorker = end.worker(begin, front.child().pids());
        CpuUse.requirePinned(backWorker, lab.backEndCpu(), "back-end");
        CpuUse.requirePinned(frontWorker, lab.frontEndCpu(), "front-end");
        Numbers numbers = Numbers.of(rates);
        if (numbers.min() <= 0) {
            throw new BenchFailure(kind + ": no packets for "
                    + timing.interval().toMillis() + " ms of " + cell + ": the traffic stopped");
        }
        double steal = 100 * Math.max(end.stolen(begin, lab.backEndCpu()), end.stolen(begin, lab.frontEndCpu()));
        return new Run(
                kind,
                numbers.median(),
                List.copyOf(rates),
                latencies.isEmpty() ? Optional.empty() : Optional.of(Latency.median(latencies)),
                0,
                steal,
                backWorker.share(),
                frontWorker.share(),
                busy,
                List.of(back.version(), front.version()),
                List.of(
                        Run.portable(back.child().command()),
                        Run.portable(front.child().command())),
                limits.disturbance(steal, backWorker.share(), frontWorker.share()));
    }

    /** Packets per second in each step from this moment on. */
    List<Double> watch(Duration step, int steps) {
        List<Double> rates = new ArrayList<>();
        front.mark();
        for (int i = 0; i < steps; i++) {
            rates.add(cell.traffic().packetsPerSecond(front.next(step)));
        }
        return rates;
    }

    /** Waits. */
    static void sleep(Duration time) {
        sleepUntil(System.nanoTime() + time.toNanos());
    }

    /** Waits until a moment of {@link System#nanoTime}. */
    static void sleepUntil(long nanos) {
        try {
            TimeUnit.NANOSECONDS.sleep(nanos - System.nanoTime());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchFailure("interrupted", e);
        }
    }

    /** Ends both sides as their users would, and fails if they do not end well. Not while suspended. */
    void end() {
        front.end();
        back.stop();
    }

    /** Ends both sides, whatever state they are in. */
    @Override
    public void close() {
        resumeQuietly();
        AtExit.remove(atExit);
        front.close();
        back.close();
        seat.clear(cell.shape().devices());
    }
}
