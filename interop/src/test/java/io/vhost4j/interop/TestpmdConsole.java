// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** dpdk-testpmd under its interactive command line. One thread at a time. */
public final class TestpmdConsole implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final Pattern PACKETS =
            Pattern.compile(".*(RX|TX)-packets: *(\\d+) +(?:RX-missed|TX-errors): *(\\d+) +(?:RX|TX)-bytes: *(\\d+).*");

    private final Program program;

    private TestpmdConsole(Program program) {
        this.program = program;
    }

    /** The counters of a port. */
    public record PortStats(long rxPackets, long rxBytes, long rxMissed, long txPackets, long txBytes, long txErrors) {}

    /**
     * Starts testpmd with one forwarding thread.
     *
     * @param name its name in messages
     * @param cpu the processor for the forwarding thread
     * @param megabytes its memory
     * @param devices EAL options that make its ports
     * @param eal further EAL options
     * @param queues queues of each port in each direction
     * @param options further options of testpmd itself
     */
    public static TestpmdConsole start(
            String name,
            int cpu,
            int megabytes,
            List<String> devices,
            List<String> eal,
            int queues,
            List<String> options) {
        // The command line runs on whatever processor is free; only the forwarding thread spins.
        List<String> command = new ArrayList<>(List.of(
                "stdbuf",
                "-oL",
                Peers.program(Peer.TESTPMD),
                "--lcores=0@(0-" + (processors() - 1) + "),1@" + cpu % processors(),
                "--no-pci",
                "--no-telemetry",
                "--single-file-segments",
                "-m",
                String.valueOf(megabytes)));
        command.add(Peers.hugePages(megabytes) ? "--in-memory" : "--no-huge");
        command.add("--file-prefix=interop-" + ProcessHandle.current().pid() + "-" + name);
        command.add("--log-level=pmd.net.virtio.init:info");
        command.addAll(devices);
        command.addAll(eal);
        command.addAll(
                List.of("--", "--interactive", "--nb-cores=1", "--no-flush-rx", "--rxq=" + queues, "--txq=" + queues));
        command.addAll(options);
        return new TestpmdConsole(Program.startMerged("testpmd " + name, command, Map.of()));
    }

    private static int processors() {
        return Math.max(2, Runtime.getRuntime().availableProcessors());
    }

    /** Waits until it takes commands. */
    public void awaitPrompt() {
        int mark = program.out().mark();
        program.send("show port summary all");
        program.out().await(mark, line -> line.startsWith("Number of available ports"), "its prompt", START_LIMIT);
    }

    /** Gives a command. */
    public void command(String command) {
        program.send(command);
    }

    /** Waits for a line from a place in the log on. */
    void await(int mark, String part, Duration limit) {
        program.out().await(mark, line -> line.contains(part), "'" + part + "'", limit);
    }

    /** Stops forwarding, and waits until it has stopped. */
    void stop() {
        int mark = program.out().mark();
        program.send("stop");
        await(mark, "Accumulated forward statistics", ANSWER_LIMIT);
    }

    /** The counters of a port since its start. */
    public PortStats portStats(int port) {
        int mark = program.out().mark();
        program.send("show port stats " + port);
        int received = program.out().await(mark, line -> matches(line, "RX"), "counters", ANSWER_LIMIT);
        int sent = program.out().await(received, line -> matches(line, "TX"), "counters", ANSWER_LIMIT);
        long[] rx = parse(program.out().line(received));
        long[] tx = parse(program.out().line(sent));
        return new PortStats(rx[0], rx[2], rx[1], tx[0], tx[2], tx[1]);
    }

    private static boolean matches(String line, String direction) {
        Matcher matcher = PACKETS.matcher(line);
        return matcher.matches() && direction.equals(matcher.group(1));
    }

    private static long[] parse(String line) {
        Matcher matcher = PACKETS.matcher(line);
        if (!matcher.matches()) {
            throw new AssertionError("no counters: " + line);
        }
        return new long[] {
            Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(3)), Long.parseLong(matcher.group(4))
        };
    }

    /** The process. */
    public Program program() {
        return program;
    }

    /** Everything it has written. */
    public LineLog log() {
        return program.out();
    }

    /** Ends it in the regular way. */
    public void quit() {
        program.send("quit");
        int status = program.awaitExit(Program.END_LIMIT);
        if (status != 0) {
            throw new AssertionError(program.name() + " ended with status " + status + ":\n  "
                    + program.out().tail());
        }
    }

    @Override
    public void close() {
        program.close();
    }
}
