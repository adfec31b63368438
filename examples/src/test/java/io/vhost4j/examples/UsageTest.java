// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each wrong command line is answered by one line that names what is wrong, before anything is opened. */
class UsageTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "forward|--socket",
                "forward --socket a --no-reconnect|--client",
                "forward --socket a --async-connect|--client",
                "forward --socket a --extbuf|--linear",
                "forward --socket a --async warp|warp",
                "forward --socket a --async thread:0|1 to 64",
                "forward --socket a --async ioat|PCI address",
                "forward --socket a --async-threshold 64|--async",
                "forward --socket a --socket b --socket c|pairs: 3 sockets",
                "forward --socket a --socket b --socket c --mode macswap|pairs: 3 sockets",
                "forward --socket a --socket a|given twice",
                "forward --socket none/a|no folder",
                "forward --socket a --mode fast|fast",
                "forward --socket a --packed --no-packed|--packed",
                "forward --socket a --packed --disable ring_packed|--packed",
                "forward --socket a --disable NOT_A_FEATURE|NOT_A_FEATURE",
                "forward --socket a --cpu 4095|CPU 4095",
                "forward --socket a --cpu x|--cpu x",
                "forward --socket a --queues 0|1 to 128",
                "forward --socket a --queues 129|1 to 128",
                "forward --socket a --mtu 67|68 to 65535",
                "forward --socket a --mtu 1500 --disable MTU|--mtu",
                "forward --socket a --buffers 10|256 to",
                "forward --socket a --data-room 64|128 to",
                "forward --socket a --poll-pause 1000001|0 to 1000000",
                "forward --socket a --count 0|--count 0",
                "forward --socket a --duration 0|--duration",
                "forward --socket a --stats -2|--stats",
                "forward --socket a --mac 01:00:00:00:00:00|one station",
                "forward --socket a --mac 02:00|--mac 02:00",
                "forward --socket a --txpkts 64|txonly",
                "forward --socket a --mode txonly --txpkts 20|20 bytes",
                "forward --socket a --mode txonly --txpkts 60000,6000|66000 bytes",
                "forward --socket a --socket-mode 888|888",
                "forward --socket a --socket-mode 7777|0 to 0777",
                "forward --socket a --client --socket-mode 660|--client",
                "forward --socket a --socket-owner no-such-user|no-such-user",
                "forward --socket a --colour blue|--colour",
                "ping --socket a --size 70000|--size 70000",
                "ping --socket a --count 0|--count 0",
                "ping --socket a --queues 200|--queues 200",
                "pktgen --socket a --queue-size 100|power of two",
                "pktgen --socket a --queue-size 40000 --packed|1 to 32768",
                "pktgen --socket a --size 59|60 to 65535",
                "pktgen --socket a --verify|--verify",
                "pktgen --socket a --rate 100|--mode loop",
                "pktgen --socket a --mode loop --rate -1|--rate -1",
                "pktgen --socket a --mode loop --latency --verify|without --verify",
                "pktgen --socket a --mode loop --burst 33|0 to 32",
                "pktgen --socket a --mode loop --cpu 4095|--cpu 4095",
                "pktgen --socket a --stats 0|--stats 0",
                "pktgen --vdpa sim:loopback --mode loop --devices 2|--devices",
                "crypto|--socket",
                "crypto --socket a --queues 0|1 to 255",
                "crypto --socket a --threads 0|--threads 0",
                "crypto --socket a --stats -1|--stats",
                "crypto --socket a --provider Nobody|Nobody",
                "ping --count 1|one of --socket and --vdpa",
                "ping --socket a --vdpa sim:loopback|one of --socket and --vdpa",
                "ping --vdpa sim:loopback --server|--server",
                "vdpa|--device",
                "vdpa --device sim:loopback|give one socket for each",
                "vdpa --device sim:loopback --socket none/a|no folder",
                "vdpa --device sim:net --socket a --device sim:net.2 --socket a|once",
                "demo --packets 0|--packets 0",
                "doctor --socket a|--socket",
                "dance|dance",
            })
    void shouldRejectBeforeAnythingIsOpened(String line, String complaint) throws Exception {
        String[] args = line.split(" ");
        for (int i = 1; i < args.length; i++) {
            if (args[i - 1].equals("--socket")) {
                args[i] = folder.resolve(args[i]).toString();
            }
        }
        Run run = Run.start(args);
        assertEquals(2, run.await(), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertTrue(run.err().startsWith("vhost4j"), run.err());
        assertTrue(run.err().contains(complaint), run.err());
        assertEquals("", run.out());
        try (var files = Files.list(folder)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void shouldWantACommand() throws Exception {
        Run run = Run.start();
        assertEquals(2, run.await());
        assertTrue(run.err().contains("no command"), run.err());
    }

    @Test
    void shouldFailInOneLineWhereNobodyListens() throws Exception {
        String socket = folder.resolve("a").toString();
        for (String[] args : new String[][] {
            {"ping", "--socket", socket},
            {"pktgen", "--socket", socket},
            {"forward", "--socket", socket, "--client", "--no-reconnect"}
        }) {
            Run run = Run.start(args);
            assertEquals(1, run.await());
            assertEquals(1, run.err().lines().count(), run.err());
            assertTrue(run.err().contains(socket), run.err());
        }
    }

    @Test
    void shouldFailInOneLineWhereThePathIsTaken() throws Exception {
        String socket = folder.resolve("a").toString();
        Run first = Run.start("forward", "--socket", socket, "--json").awaitOutput("listening");
        Run second = Run.start("forward", "--socket", socket);
        assertEquals(1, second.await());
        assertEquals(1, second.err().lines().count(), second.err());
        assertEquals(0, first.interrupt().await());
        Path file = Files.writeString(folder.resolve("text"), "not a socket");
        Run third = Run.start("forward", "--socket", file.toString());
        assertEquals(1, third.await());
        assertEquals("not a socket", Files.readString(file));
    }

    @Test
    void shouldTellWhatTheMachineHas() throws Exception {
        Run run = Run.start("doctor", "--json");
        run.await();
        assertTrue(run.out().startsWith("{\"event\":\"doctor\",\"ok\":"), run.out());
        assertTrue(run.out().contains("share=on"), run.out());
        assertTrue(run.out().contains("\"name\":\"memfd\",\"state\":\"ok\""), run.out());
    }
}
