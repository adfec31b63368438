// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A dpdk-testpmd with one port, driven by commands. Its main thread runs on one processor, its worker on another. */
final class Testpmd implements FrontEnd {
    private static final Duration START = Duration.ofSeconds(40);
    private static final Duration ANSWER = Duration.ofSeconds(5);
    private static final Pattern VERSION = Pattern.compile("RTE Version: '([^']+)'");
    private static final Pattern RECEIVED = Pattern.compile("Rx-pps:\\s+(\\d+)");
    private static final Pattern SENT = Pattern.compile("Tx-pps:\\s+(\\d+)");
    private static final Pattern STARTED = Pattern.compile("packet forwarding - ports=");
    private static final Pattern TOTALS = Pattern.compile("Accumulated forward statistics");
    private static final Pattern CYCLES =
            Pattern.compile("total cycles=(\\d+) / total .* packets=(\\d+)\\) at (\\d+) MHz");
    private static final String SHOW = "show port stats 0";
    private static final int RING = 1024;
    /** As many as {@code vhost4j forward} has. */
    private static final int BUFFERS = 16384;

    private final Child child;
    private final String version;
    private long intervalBegin;

    private Testpmd(Child child) {
        this.child = child;
        // a line must leave when it is written: the option -oL of stdbuf, see command()
        version = child.await(VERSION, START).group(1);
        child.send(SHOW);
        child.await(SENT, START);
    }

    /** The back-end's side: net_vhost listens on the socket. */
    static Testpmd backEnd(String program, Lab lab, Seat seat, Cell cell) {
        List<String> command = command(program, lab, seat.backEndFiles(), lab.frontEndCpu(), lab.backEndCpu());
        int number = 0;
        for (Path socket : seat.sockets(cell.shape().devices())) {
            command.add("--vdev=net_vhost" + number++ + ",iface=" + socket + ",queues="
                    + cell.shape().queuePairs());
        }
        addForwarding(command, cell.traffic().backEndMode(), cell);
        command.add("--disable-link-check");
        if (lab.busy()) {
            command.add("--record-core-cycles");
        }
        return start("back-end " + program, command);
    }

    /** The front-end's side: virtio-user connects to the socket. */
    static Testpmd frontEnd(Lab lab, Seat seat, Cell cell) {
        List<String> command = command(lab.testpmd(), lab, seat.frontEndFiles(), lab.backEndCpu(), lab.frontEndCpu());
        if (cell.vectorized()) {
            command.add("--force-max-simd-bitwidth=512");
        }
        command.add("--vdev=net_virtio_user0,path=" + seat.socket() + ",queues="
                + cell.shape().queuePairs()
                + ",queue_size=" + RING
                + ",packed_vq=" + digit(cell.ring() == RingKind.PACKED)
                + ",mrg_rxbuf=" + digit(cell.mergeable())
                + ",in_order=" + digit(cell.inOrder())
                + (cell.vectorized() ? ",vectorized=1" : ""));
        addForwarding(command, cell.traffic().frontEndMode(), cell);
        return start("front-end " + lab.testpmd(), command);
    }

    private static int digit(boolean on) {
        return on ? 1 : 0;
    }

    private static List<String> command(String program, Lab lab, String files, int mainCpu, int workerCpu) {
        List<String> command = new ArrayList<>(List.of(
                "stdbuf",
                "-oL",
                program,
                "-v",
                "--lcores=0@" + mainCpu + ",1@" + workerCpu,
                "--no-pci",
                "--no-telemetry"));
        command.addAll(lab.memory().ealOptions(files));
        return command;
    }

    private static void addForwarding(List<String> command, String mode, Cell cell) {
        command.addAll(List.of(
                "--",
                "-i",
                "--nb-cores=1",
                "--forward-mode=" + mode,
                "--txpkts=" + segments(cell.bytes()),
                "--rxq=" + cell.shape().queuePairs(),
                "--txq=" + cell.shape().queuePairs(),
                "--total-num-mbufs=" + BUFFERS,
                "--txd=" + RING,
                "--rxd=" + RING));
    }

    /** A packet in as many buffers as it takes. */
    private static String segments(int bytes) {
        StringBuilder segments = new StringBuilder();
        int rest = bytes;
        for (; rest > Cell.BUFFER; rest -= Cell.BUFFER) {
            segments.append(Cell.BUFFER).append(',');
        }
        return segments.append(rest).toString();
    }

    private static Testpmd start(String name, List<String> command) {
        Child child = Child.start(name, command);
        try {
            return new Testpmd(child);
        } catch (BenchFailure e) {
            child.close();
            throw e;
        }
    }

    @Override
    public Child child() {
        return child;
    }

    @Override
    public String version() {
        return version;
    }

    /** Begins to move packets. */
    void startForwarding(String command) {
        child.send(command);
        child.await(STARTED, ANSWER);
    }

    @Override
    public void begin(Cell cell) {
        startForwarding(cell.traffic().startCommand(cell.bytes()));
    }

    @Override
    public void mark() {
        sample();
        intervalBegin = System.nanoTime();
    }

    @Override
    public Sample next(Duration interval) {
        Couple.sleepUntil(intervalBegin + interval.toNanos());
        intervalBegin += interval.toNanos();
        return sample();
    }

    @Override
    public void end() {
        stopForwarding();
        quit();
    }

    /** What happened since the last call, at least one before included. */
    private Sample sample() {
        child.send(SHOW);
        double received = Double.parseDouble(child.await(RECEIVED, ANSWER).group(1));
        return new Sample(received, Double.parseDouble(child.await(SENT, ANSWER).group(1)));
    }

    /** Stops moving packets. */
    void stopForwarding() {
        child.send("stop");
        child.await(TOTALS, ANSWER);
    }

    /** What a side that records cycles has worked since its start. */
    Busy busy() {
        child.send("show fwd stats all");
        Matcher total = child.await(CYCLES, ANSWER);
        double nanosPerCycle = 1000 / Double.parseDouble(total.group(3));
        return new Busy(Double.parseDouble(total.group(1)) * nanosPerCycle, Double.parseDouble(total.group(2)));
    }

    /** Ends the program as its user would. */
    void quit() {
        child.send("quit");
        child.requireCleanEnd();
    }

    @Override
    public void close() {
        child.close();
    }
}
