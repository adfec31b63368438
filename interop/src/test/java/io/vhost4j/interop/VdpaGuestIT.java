// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The command {@code vdpa} in a guest, with a network card that stands in for an IFCVF: numbered frames of the guest's kernel go over the
 * wire to this card, through a front-end behind the vhost-user socket, and back.
 */
@RequiresPeer({Peer.QEMU, Peer.TESTPMD})
@Timeout(300)
class VdpaGuestIT {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int FRAMES = 5000;
    private static final int HANDOVERS = 10;
    /** What {@code wire frames} has on the way at most. */
    private static final int AHEAD = 64;
    /** What testpmd shares with its back-end. */
    private static final long SHARED_BYTES = 128L << 20;

    private static VdpaGuest guest;

    @BeforeAll
    static void boot(@TempDir Path folder) {
        guest = VdpaGuest.boot(folder);
    }

    @AfterAll
    static void end() {
        guest.close();
    }

    @AfterEach
    void endAll() {
        guest.shell().run("end_all");
    }

    /** What {@code wire frames} told at its end. */
    private record Frames(long sent, long back, long again, long bad) {
        static Frames of(String output) {
            Matcher match = Pattern.compile("@frames sent=(\\d+) back=(\\d+) again=(\\d+) bad=(\\d+)\\s*$")
                    .matcher(output);
            assertTrue(match.find(), output);
            return new Frames(number(match, 1), number(match, 2), number(match, 3), number(match, 4));
        }

        private static long number(Matcher match, int group) {
            return Long.parseLong(match.group(group));
        }
    }

    private static Frames exchange() {
        return Frames.of(guest.shell().run("wire frames eth0 " + VdpaGuest.MAC + " " + FRAMES + " | tail -n 1", LIMIT));
    }

    /** Sends frames, all of which must come back, also by the card's counters. */
    private static void exchangeAll() {
        long out = guest.counter("tx_packets");
        long in = guest.counter("rx_packets");
        assertEquals(new Frames(FRAMES, FRAMES, 0, 0), exchange());
        assertEquals(FRAMES, guest.counter("tx_packets") - out, "frames that the first card sent");
        assertEquals(FRAMES, guest.counter("rx_packets") - in, "frames that the first card received");
    }

    private static void assertNothingMapped(VdpaGuest.Dma before) {
        assertEquals(before.left(), guest.dma().left(), "bytes mapped for DMA that were not unmapped");
    }

    @ParameterizedTest(name = "packed={0}")
    @ValueSource(booleans = {false, true})
    void shouldCarryEveryFrameWhilePolled(boolean packed) {
        VdpaGuest.Dma before = guest.dma();
        guest.serve("");
        guest.startTestpmd(packed, "macswap");
        assertTrue(guest.dma().left() - before.left() >= SHARED_BYTES, "the look at mappings sees those in use");
        assertTrue(guest.lockedKib("serve") * 1024 >= SHARED_BYTES, "the look at locked memory sees what is in use");
        exchangeAll();
        guest.end("testpmd");
        assertEquals(FRAMES, guest.told("testpmd", "RX-packets:"));
        assertEquals(FRAMES, guest.told("testpmd", "TX-packets:"));
        awaitFrontEndGone();
        assertNothingMapped(before);
        assertEquals(0, guest.lockedKib("serve"), "KiB locked while no front-end is there");
        guest.end("serve");
        assertNothingMapped(before);
    }

    private static void awaitFrontEndGone() {
        guest.awaitText("serve", "device_down");
    }

    @ParameterizedTest(name = "packed={0}")
    @ValueSource(booleans = {false, true})
    void shouldCarryEveryFrameByInterrupts(boolean packed) {
        VdpaGuest.Dma before = guest.dma();
        guest.serve("");
        guest.launch("reflector", InterruptReflector.class, VdpaGuest.SOCKET, packed);
        guest.awaitText("reflector", "reflects");
        long interrupts = guest.interrupts();
        exchangeAll();
        interrupts = guest.interrupts() - interrupts;
        guest.shell().run("echo >/tmp/reflector.in; await reflector reflected= && ended reflector", LIMIT);
        long wakeUps = guest.told("reflector", "wakeups=");
        System.out.println("packed=" + packed + ": " + FRAMES + " frames, " + interrupts + " interrupts, " + wakeUps
                + " times woken up");
        assertEquals(FRAMES, guest.told("reflector", "reflected="));
        assertTrue(interrupts > 0 && wakeUps > 0, "woken up by interrupts");
        assertTrue(wakeUps <= interrupts + FRAMES / 10, wakeUps + " times woken up by " + interrupts + " interrupts");
        awaitFrontEndGone();
        assertNothingMapped(before);
        guest.end("serve");
        assertNothingMapped(before);
    }

    @ParameterizedTest(name = "packed={0}")
    @ValueSource(booleans = {false, true})
    void shouldMarkEveryPageThatIsWritten(boolean packed) {
        VdpaGuest.Dma before = guest.dma();
        guest.serve(",sw-live-migration=1");
        guest.launch("logged", DirtyLogFrontEnd.class, VdpaGuest.SOCKET, packed);
        guest.awaitText("logged", "stopped:");
        guest.shell().run("ended logged", LIMIT);
        List<String> looks = guest.output("logged");
        System.out.println("packed=" + packed + ": " + looks);
        // a request of each round is answered into a buffer of its own: 100 buffers, two in each page
        assertTrue(guest.told("logged", "without log: changed=") > 50, looks::toString);
        assertTrue(number(looks, "without log", "unmarked=") > 50, "the look must see what is not marked: " + looks);
        for (String round : List.of("while it serves", "when it has stopped")) {
            assertTrue(number(looks, round, "changed=") > 50, looks::toString);
            assertEquals(0, number(looks, round, "unmarked="), looks::toString);
            assertTrue(line(looks, round).endsWith("used rings marked=yy"), looks::toString);
        }
        awaitFrontEndGone();
        assertNothingMapped(before);
        long mapped = guest.dma().mapped() - before.mapped();
        assertTrue(mapped < 2 * DirtyLogFrontEnd.MEMORY_BYTES, "mapped once, and kept when the log came: " + mapped);
        guest.end("serve");
        assertNothingMapped(before);
    }

    private static String line(List<String> looks, String round) {
        return looks.stream()
                .filter(look -> look.startsWith(round))
                .findFirst()
                .orElseThrow(() -> new AssertionError(looks.toString()));
    }

    private static long number(List<String> looks, String round, String key) {
        Matcher match = Pattern.compile(key + "(\\d+)").matcher(line(looks, round));
        assertTrue(match.find(), looks::toString);
        return Long.parseLong(match.group(1));
    }

    @ParameterizedTest(name = "packed={0}")
    @ValueSource(booleans = {false, true})
    void shouldHandOverUnderTraffic(boolean packed) {
        VdpaGuest.Dma before = guest.dma();
        guest.serve("", "--interactive", "--echo");
        guest.startTestpmd(packed, "macswap");
        GuestShell shell = guest.shell();
        shell.run("wire frames eth0 " + VdpaGuest.MAC + " 30000 >/tmp/frames.out & echo $! >/tmp/frames.pid");
        for (int i = 0; i < HANDOVERS; i++) {
            String to = i % 2 == 0 ? "detach" : "attach";
            String last = shell.run("tail -n 1 /tmp/frames.out");
            // there is traffic before each change; while the library serves, nothing comes over the wire
            shell.run(
                    i % 2 == 0
                            ? "until [ \"$(tail -n 1 /tmp/frames.out)\" != '" + last + "' ]; do usleep 20000; done"
                            : ":");
            shell.run("echo " + to + " >/tmp/serve.in");
            guest.awaitText("serve", "device_up", i + 2);
        }
        shell.tryRun("ended frames", LIMIT);
        Frames frames = Frames.of(shell.run("tail -n 1 /tmp/frames.out"));
        System.out.println("packed=" + packed + ": " + HANDOVERS + " changes, " + frames);
        assertEquals(0, frames.again(), "frames that came twice");
        assertEquals(0, frames.bad(), "frames that came damaged");
        // what was on the way to a card that nobody served
        assertTrue(frames.sent() - frames.back() <= (long) AHEAD * HANDOVERS, frames::toString);
        guest.end("testpmd");
        Await.until(() -> guest.output("serve").getLast(), last -> last.contains("device_down"), "the end", LIMIT);
        assertNothingMapped(before);
        guest.end("serve");
        assertTrue(guest.dma().mapped() > before.mapped());
        assertNothingMapped(before);
    }
}
