// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** At full rate the back-end allocates nothing for its packets, and so its virtual machine never collects garbage. */
@RequiresPeer(Peer.TESTPMD)
class GarbageIT {
    private static final Duration RUN = Duration.ofSeconds(Long.getLong("vhost4j.interop.garbage.seconds", 5));
    /** By then everything is compiled. */
    private static final Duration BEGIN = Duration.ofSeconds(3);

    /** What a poll thread may allocate in the whole run: a class that is used for the first time, not packets. */
    private static final long MOST_BYTES = 64 << 10;

    private static final long LEAST_PACKETS_A_SECOND = 50_000;
    private static final Pattern POLL_THREAD =
            Pattern.compile("\"vhost4j-poll-\\d+\".*\\ballocated=(\\d+)([BKMG]?)", Pattern.MULTILINE);
    private static final String UNITS = "BKMG";

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Timeout(1200)
    void shouldNotBeCollectedBecauseThereIsNone(boolean packed) throws IOException, InterruptedException {
        Path socket = folder.resolve("net.sock");
        Path log = folder.resolve("gc.log");
        BackendSpec spec = BackendSpec.of(Mode.MACSWAP, socket).withOptions("--stats", "0");
        Testpmd.Options front = new Testpmd.Options(socket, false, packed, true, true, false, 1, List.of(64));
        try (ForwardBackend backend = ForwardBackend.start(spec);
                Testpmd testpmd = Testpmd.start(front)) {
            long pid = backend.launcher().program().pid();
            testpmd.awaitPrompt();
            backend.awaitDevicesUp(1);
            testpmd.forward(Mode.FLOWGEN);
            pass(BEGIN);
            ask(pid, "GC.run"); // what the start has left must not count
            ask(pid, "VM.log", "what=gc=info", "output=" + log);
            long bytes = polledBytes(pid);
            long packets = testpmd.stats().rxPackets();
            pass(RUN);
            packets = testpmd.stats().rxPackets() - packets;
            bytes = polledBytes(pid) - bytes;
            ask(pid, "VM.log", "what=gc=info", "output=" + log);
            long pauses;
            try (var lines = Files.lines(log)) {
                pauses = lines.filter(line -> line.contains("Pause")).count();
            }
            System.out.printf(
                    "%s, %s ring: %d packets came back in %d s; %d pauses for garbage, %d bytes allocated by poll"
                            + " threads%n",
                    Peers.version(Peer.TESTPMD), packed ? "packed" : "split", packets, RUN.toSeconds(), pauses, bytes);
            testpmd.stop();
            assertTrue(packets > LEAST_PACKETS_A_SECOND * RUN.toSeconds(), "packets: " + packets);
            assertTrue(bytes <= MOST_BYTES, "bytes allocated by poll threads: " + bytes);
            assertEquals(0, pauses, "pauses for garbage");
            testpmd.quit();
            backend.finish();
        }
    }

    private static void pass(Duration time) {
        long start = System.nanoTime();
        Await.until(System::nanoTime, now -> now - start > time.toNanos(), "the time", time.plusSeconds(5));
    }

    /** Bytes that the poll threads have allocated since they started. */
    private static long polledBytes(long pid) throws IOException, InterruptedException {
        String threads = ask(pid, "Thread.print", "-e");
        Matcher matcher = POLL_THREAD.matcher(threads);
        long sum = 0;
        boolean found = false;
        while (matcher.find()) {
            found = true;
            sum += Long.parseLong(matcher.group(1)) << 10 * Math.max(0, UNITS.indexOf(matcher.group(2)));
        }
        assertTrue(found, "no poll thread with its allocations among: " + threads);
        return sum;
    }

    /** Has the virtual machine {@code pid} carry out a command of {@code jcmd}. */
    private static String ask(long pid, String... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid)));
        words.addAll(List.of(command));
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), words + ": " + text);
        return text;
    }
}
