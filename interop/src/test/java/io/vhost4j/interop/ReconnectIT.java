// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The back-end dies without warning under traffic and starts again; the front-end does not, and traffic goes on. */
class ReconnectIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Pattern ECHO = Pattern.compile(".*@echo sent=(\\d+) good=(\\d+) bad=(\\d+) again=(\\d+).*");
    private static final int DEATHS = 2;
    /** Of the back-end of a front-end that needs less time. */
    private static final int KILLS = Integer.getInteger("vhost4j.interop.kills", DEATHS);

    private static final int LATEST_MILLIS = 100;

    @TempDir
    Path folder;

    private record Echoes(long sent, long good, long bad) {}

    /** With packed rings QEMU itself cannot restore its rings and gives up; so only split ones are asked for. */
    @ParameterizedTest(name = "QEMU listens: {0}")
    @ValueSource(booleans = {true, false})
    @RequiresPeer(Peer.QEMU)
    @Timeout(180)
    void shouldGoOnAnsweringAGuest(boolean qemuListens) {
        Path socket = folder.resolve("net.sock");
        BackendSpec spec = BackendSpec.of(Mode.ICMPECHO, socket).asClient(qemuListens);
        Nic nic = Nic.on(socket).withSocketOptions(qemuListens ? ",server=on,wait=off" : ",reconnect=1");
        Backend backend = Backend.start(spec);
        try (QemuGuest guest =
                QemuGuest.options(Peer.QEMU, "guest", folder).nic(nic).boot()) {
            guest.raise(0);
            String pid = guest.shell()
                    .run("wire echo " + Guest.BACKEND_ADDRESS + " 0 50 1000 & echo $!")
                    .trim();
            long good = awaitGood(guest, 20).good();
            for (int death = 0; death < DEATHS; death++) {
                backend.kill();
                long unanswered = echoes(guest).sent() + 10;
                Await.until(() -> echoes(guest), seen -> seen.sent() > unanswered, "pings into the void", LIMIT);
                long before = echoes(guest).good();
                assertTrue(before >= good, "answers: " + before);
                backend = Backend.start(spec);
                good = awaitGood(guest, before + 40).good();
            }
            guest.shell().run("kill -TERM " + stripped(pid));
            assertEquals(0, echoes(guest).bad());
            assertEquals(1, guest.shell().boots(), "the guest must not reboot");
            guest.powerOff();
            backend.finish();
        } finally {
            backend.close();
        }
    }

    /** The last line of what a background start printed is its process number. */
    private static String stripped(String printed) {
        return printed.substring(printed.lastIndexOf('\n') + 1);
    }

    private static Echoes awaitGood(QemuGuest guest, long least) {
        return Await.until(() -> echoes(guest), seen -> seen.good() >= least, "answers: " + least, LIMIT);
    }

    private static Echoes echoes(QemuGuest guest) {
        String line = guest.shell().log().last(text -> ECHO.matcher(text).matches());
        if (line == null) {
            return new Echoes(0, 0, 0);
        }
        Matcher matcher = ECHO.matcher(line);
        if (!matcher.matches()) {
            throw new AssertionError(line);
        }
        return new Echoes(
                Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(3)));
    }

    @ParameterizedTest(name = "packed: {0}")
    @ValueSource(booleans = {false, true})
    @RequiresPeer(Peer.TESTPMD)
    @Timeout(600)
    void shouldGoOnServingAVirtioUserServer(boolean packed) {
        Path socket = folder.resolve("net.sock");
        BackendSpec spec = BackendSpec.of(Mode.IO, socket).asClient(true);
        Testpmd.Options options = new Testpmd.Options(socket, true, packed, true, false, false, 1, List.of(64));
        try (Testpmd testpmd = Testpmd.start(options)) {
            Backend backend = Backend.start(spec);
            try {
                testpmd.awaitPrompt();
                testpmd.forward(Mode.FLOWGEN);
                for (int death = 0; death <= KILLS; death++) {
                    backend.awaitDevicesUp(1);
                    long received = testpmd.stats().rxPackets();
                    backend.awaitCounters(
                            seen -> seen.fromPackets() >= 10_000 && seen.toPackets() >= 10_000, "traffic", LIMIT);
                    Await.until(
                            testpmd::stats,
                            seen -> seen.rxPackets() >= received + 10_000,
                            "packets back at testpmd",
                            LIMIT);
                    if (death < KILLS) {
                        LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(LATEST_MILLIS * 1000) * 1000L);
                        backend.kill();
                        backend = Backend.start(spec);
                    }
                }
                testpmd.stop();
                testpmd.quit();
                backend.finish();
            } finally {
                backend.close();
            }
        }
    }
}
