// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.LeakCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands against each other, in one process, over real sockets. */
@ExtendWith(LeakCheck.class)
class EndToEndTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "io, 64, ''",
        "io, 9000, --packed",
        "macswap, 1518, ''",
        "macswap, 64, --packed --in-order",
        "io, 256, --queues 2",
        "io, 256, --packed --queues 3 --queue-size 300",
        "io, 1500, --no-mrg-rxbuf"
    })
    void shouldReturnAllPacketsWhole(String mode, int size, String options) throws Exception {
        String count = "20000";
        Run forward = forward("--mode", mode);
        Run pktgen = pktgen("a", "--mode", "loop", "--verify", "--count", count, "--size", "" + size, options);
        assertEquals(0, pktgen.await(), pktgen.out() + pktgen.err());
        assertEquals(20000, pktgen.number("tx_packets"));
        assertEquals(20000, pktgen.number("rx_packets"));
        assertEquals(20000L * size, pktgen.number("rx_bytes"));
        assertEquals(0, pktgen.number("bad_packets"));
        assertEquals(0, pktgen.number("lost_packets"));
        assertEnd(forward);
        assertEquals(20000, forward.number("from_guest_packets"));
        assertEquals(20000, forward.number("to_guest_packets"));
        assertEquals(20000L * size, forward.number("from_guest_bytes"));
        assertEquals(20000L * size, forward.number("to_guest_bytes"));
        assertEquals(0, forward.number("dropped_packets"));
        String ring = options.contains("--packed") ? "packed" : "split";
        assertTrue(forward.out().contains("\"ring\":\"" + ring + "\""), forward.out());
    }

    @ParameterizedTest
    @CsvSource({
        "cpu, 256, --packed --queues 2",
        "thread, 64, --in-order",
        "thread, 1518, ''",
        "thread:2, 9000, --packed",
        "thread, 1500, --no-mrg-rxbuf"
    })
    void shouldReturnAllPacketsWholeByAChannel(String engine, int size, String options) throws Exception {
        Run forward = forward("--mode", "macswap", "--async", engine, "--async-threshold", "0");
        Run pktgen = pktgen("a", "--mode", "loop", "--verify", "--count", "20000", "--size", "" + size, options);
        assertEquals(0, pktgen.await(), pktgen.out() + pktgen.err());
        assertEquals(20000, pktgen.number("rx_packets"));
        assertEquals(20000L * size, pktgen.number("rx_bytes"));
        assertEquals(0, pktgen.number("bad_packets"));
        assertEquals(0, pktgen.number("lost_packets"));
        assertEnd(forward);
        assertEquals(20000L * size, forward.number("to_guest_bytes"));
        assertEquals(0, forward.number("dropped_packets"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--linear --data-room 2048",
                "--linear --extbuf",
                "--cpu 0",
                "--net-compliant",
                "--no-csum",
                "--async thread --net-compliant",
                "--async thread:2 --linear --extbuf --sleep"
            })
    void shouldJoinTwoSockets(String options) throws Exception {
        List<String> args = new ArrayList<>(List.of("--socket", socket("b")));
        args.addAll(words(options));
        Run forward = forward(args.toArray(String[]::new));
        Run receiver = pktgen("b", "--mode", "rxonly", "--verify", "--count", "30000");
        forward.awaitOutput("b\",\"vid\"");
        Run sender = pktgen("a", "--mode", "txonly", "--count", "30000", "--size", "1000");
        assertEquals(0, sender.await(), sender.err());
        assertEquals(0, receiver.await(), receiver.out() + receiver.err());
        assertEquals(30000, receiver.number("rx_packets"));
        assertEnd(forward);
    }

    @Test
    void shouldEchoOnSplitAndPackedRings() throws Exception {
        Path capture = folder.resolve("a.pcapng");
        Run forward = forward("--mode", "icmpecho", "--pcap", capture.toString());
        for (String options : List.of("", "--packed --queues 2", "--size 9000", "--size 0")) {
            List<String> args = new ArrayList<>(
                    List.of("ping", "--json", "--socket", socket("a"), "--count", "3", "--interval", "1"));
            args.addAll(words(options));
            Run ping = Run.start(args.toArray(String[]::new));
            assertEquals(0, ping.await(), options + ping.out() + ping.err());
            assertEquals(3, ping.number("received"));
            assertEquals(0, ping.number("bad"));
            assertTrue(ping.number("rtt_min_ns") > 0);
            assertTrue(ping.number("rtt_p99_ns") <= ping.number("rtt_max_ns"));
        }
        assertEnd(forward);
        assertEquals(16, forward.number("from_guest_packets"));
        assertEquals(16, forward.number("to_guest_packets"));
        assertTrue(Files.size(capture) > 6 * 9000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--async thread"})
    void shouldStopAfterACountThatItSends(String options) throws Exception {
        List<String> args = new ArrayList<>(List.of("--mode", "txonly", "--count", "5000", "--txpkts", "64,3000"));
        args.addAll(words(options));
        Run forward = forward(args.toArray(String[]::new));
        Run receiver = pktgen("a", "--mode", "rxonly", "--count", "5000");
        assertEquals(0, forward.await(), forward.err());
        assertEquals(5000, forward.number("to_guest_packets"));
        assertEquals(5000L * 3064, forward.number("to_guest_bytes"));
        assertEquals(0, receiver.await(), receiver.out() + receiver.err());
        assertEquals(5000, receiver.number("rx_packets"));
    }

    @Test
    void shouldCountWhatItOnlyReceives() throws Exception {
        Run forward = forward("--mode", "rxonly", "--count", "7777", "--stats", "0.05");
        Run sender = pktgen("a", "--mode", "txonly", "--count", "7777", "--size", "200");
        assertEquals(0, forward.await(), forward.err());
        assertEquals(7777, forward.number("from_guest_packets"));
        assertEquals(7777L * 200, forward.number("from_guest_bytes"));
        assertEquals(0, forward.number("to_guest_packets"));
        sender.await();
    }

    @ParameterizedTest
    @CsvSource({"'', 64", "--packed --burst 8, 1518", "--queues 2 --in-order, 4096"})
    void shouldTellWhenPacketsComeBack(String options, int size) throws Exception {
        Run forward = forward("--mode", "macswap");
        Run pktgen =
                pktgen("a", "--mode loop --latency --rate 20000 --count 4000 --stats 0.05", "--size " + size, options);
        assertEquals(0, pktgen.await(), pktgen.out() + pktgen.err());
        assertEquals(4000, pktgen.number("rx_packets"));
        assertEquals(4000, pktgen.number("latency_packets"));
        assertTrue(pktgen.number("seconds") < 5, pktgen.out());
        long median = pktgen.number("latency_p50_ns");
        assertTrue(median > 0 && median <= pktgen.number("latency_p999_ns"), pktgen.out());
        assertTrue(pktgen.out().contains("\"event\":\"stats\""), pktgen.out());
        assertEnd(forward);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--rate 100000", ""}) // the second finds rings full
    void shouldDriveSeveralDevices(String rate) throws Exception {
        Run forward = Run.start(
                        "forward", "--json", "--mode", "macswap", "--socket", socket("a0"), "--socket", socket("a1"))
                .awaitOutput("listening");
        Run pktgen = pktgen("a", "--mode loop --devices 2 --burst 32 --count 6400 --cpu 0", rate);
        assertEquals(0, pktgen.await(), pktgen.out() + pktgen.err());
        assertEquals(6400, pktgen.number("rx_packets"));
        assertEnd(forward);
        assertEquals(3200, forward.number("from_guest_packets"));
    }

    @Test
    void shouldSwapInFrontOfASender() throws Exception {
        Run forward = forward("--mode", "rxonly");
        Run swap = pktgen("a", "--mode", "macswap", "--duration", "0.1");
        assertEquals(0, swap.await(), swap.err());
        assertEnd(forward);
    }

    @Test
    void shouldTurnSplitRingsAwayWithPacked() throws Exception {
        Run forward = forward("--packed");
        Run pktgen = pktgen("a", "--count", "10", "--mode", "loop");
        assertEquals(1, forward.await());
        assertTrue(forward.err().contains("split rings"), forward.err());
        assertEquals(1, pktgen.await());
        assertFalse(forward.out().contains("device_up"), forward.out());
    }

    @Test
    void shouldServeFrontEndsThatComeAndGo() throws Exception {
        Run forward = forward();
        for (int i = 0; i < 5; i++) {
            Run pktgen = pktgen("a", "--mode", "loop", "--verify", "--count", "500", i % 2 == 0 ? "" : "--packed");
            assertEquals(0, pktgen.await(), pktgen.out() + pktgen.err());
        }
        assertEnd(forward);
        assertEquals(2500, forward.number("from_guest_packets"));
        long down = forward.lines().stream()
                .filter(line -> line.contains("device_down") && line.contains("\"buffers\":0"))
                .count();
        assertEquals(5, down, forward.out());
    }

    @Test
    void shouldConnectToAFrontEndThatListens() throws Exception {
        Run pktgen = Run.start(
                "pktgen",
                "--json",
                "--socket",
                socket("a"),
                "--server",
                "--mode",
                "loop",
                "--verify",
                "--count",
                "1000");
        Run forward = Run.start("forward", "--json", "--client", "--async-connect", "--socket", socket("a"));
        assertEquals(0, pktgen.await(), pktgen.out() + pktgen.err());
        assertEnd(forward);
        assertEquals(1000, forward.number("to_guest_packets"));
    }

    @ParameterizedTest
    @CsvSource({"sim:loopback, ''", "sim:loopback, --packed --queues 2", "'sim:loopback,fail-after=5000', ''"})
    void shouldHaveAVdpaDeviceServe(String device, String options) throws Exception {
        Run vdpa = Run.start("vdpa", "--json", "--echo", "--device", device, "--socket", socket("a"))
                .awaitOutput("listening");
        Run pktgen = pktgen("a", "--mode", "loop", "--verify", "--count", "20000", options);
        assertEquals(0, pktgen.await(), pktgen.out() + pktgen.err());
        assertEquals(20000, pktgen.number("rx_packets"));
        assertEquals(0, pktgen.number("bad_packets"));
        assertEquals(0, vdpa.interrupt().await(), vdpa.out() + vdpa.err());
        assertTrue(vdpa.out().contains("\"server\":\"sim:loopback\""), vdpa.out());
        assertEquals(device.contains("fail"), vdpa.out().contains("\"server\":\"library\""), vdpa.out());
    }

    @Test
    void shouldDriveAVdpaDeviceItself() throws Exception {
        Run pktgen = Run.start(
                "pktgen", "--json", "--vdpa", "sim:loopback", "--mode", "loop", "--verify", "--count", "5000");
        assertEquals(0, pktgen.await(), pktgen.out() + pktgen.err());
        assertEquals(5000, pktgen.number("rx_packets"));
    }

    @Test
    void shouldDemonstrate() throws Exception {
        Run run = Run.startOnTerminal("demo", "--packets", "30000");
        assertEquals(0, run.await(), run.out() + run.err());
        List<String> lines = run.lines();
        assertEquals("OK", lines.get(lines.size() - 1));
        assertEquals("", run.err());
        assertTrue(run.out().contains("packed"), run.out());
    }

    @Test
    void shouldEndADemonstrationEarly() throws Exception {
        Run run = Run.start("demo", "--json").awaitOutput("\"stats\"").interrupt();
        assertEquals(1, run.await());
        assertTrue(run.out().contains("INTERRUPTED"), run.out());
    }

    private String socket(String name) {
        return folder.resolve(name).toString();
    }

    private Run forward(String... options) {
        List<String> args = new ArrayList<>(List.of("forward", "--json", "--socket", socket("a")));
        args.addAll(Arrays.asList(options));
        return Run.start(args.toArray(String[]::new)).awaitOutput("listening");
    }

    private Run pktgen(String socket, String... options) {
        List<String> args = new ArrayList<>(List.of("pktgen", "--json", "--socket", socket(socket)));
        for (String option : options) {
            args.addAll(words(option));
        }
        return Run.start(args.toArray(String[]::new));
    }

    private static List<String> words(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(" "));
    }

    private static void assertEnd(Run forward) throws Exception {
        assertEquals(0, forward.interrupt().await(), forward.out() + forward.err());
        assertEquals(0, forward.number("buffers_in_use"));
        assertEquals(0, forward.number("errors"));
        assertEquals("", forward.err());
    }
}
