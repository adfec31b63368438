// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** testpmd's virtio-user front-end on rings that a vDPA device serves, and goes on serving or fails. */
@RequiresPeer(Peer.TESTPMD)
class VdpaIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long PACKETS = 100_000;
    private static final int FIRST_BURST = 32;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "sim:loopback, false, sim:loopback",
        "sim:loopback, true, sim:loopback",
        "'sim:loopback,fail-after=20000', false, library",
        "'sim:loopback,fail-after=20000', true, library"
    })
    @Timeout(120)
    void shouldReturnEveryPacketOfTestpmd(String device, boolean packed, String server) {
        String socket = folder.resolve("s").toString();
        List<String> command = List.of("vdpa", "--echo", "--device", device, "--socket", socket);
        try (Launcher vdpa = Launcher.start(command)) {
            vdpa.await("listening", event -> true, LIMIT);
            try (Testpmd testpmd = Testpmd.start(
                    new Testpmd.Options(Path.of(socket), false, packed, true, false, false, 1, List.of(64)))) {
                testpmd.awaitPrompt();
                testpmd.forwardAfterFirstBurst(Mode.IO);
                Await.until(testpmd::stats, stats -> stats.rxPackets() > PACKETS, "packets that came back", LIMIT);
                testpmd.stop();
                TestpmdConsole.PortStats stats = testpmd.stats();
                assertEquals(stats.txPackets(), stats.rxPackets() + FIRST_BURST, "all but those on their way");
                testpmd.quit();
            }
            assertEquals(server, vdpa.events("device_up").getLast().get("server"));
            vdpa.program().terminate();
            assertEquals(0, vdpa.program().awaitExit(Program.END_LIMIT));
        }
    }
}
