// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The back-end dies without warning under traffic and starts again; the front-end does not, and traffic goes on. */
class ReconnectIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Figures NONE = new Figures("@echo sent=0 good=0 bad=0 again=0 refused=0");

    /** How often the back-end of a guest dies. */
    private static final int DEATHS = Integer.getInteger("vhost4j.interop.deaths", 3);

    private static final long LONGEST_LIFE_NANOS = 500_000_000;
    private static final int INTERVAL_MS = 2;
    /** So many packets that every place of the rings is used again. */
    private static final int FULL_RING = 600;
    /** How often that of testpmd does. */
    private static final int KILLS = Integer.getInteger("vhost4j.interop.kills", 2);

    private static final int LATEST_MILLIS = 100;

    @TempDir
    Path folder;

    /** With packed rings QEMU itself cannot restore its rings and gives up; so only split ones are asked for. */
    @ParameterizedTest(name = "QEMU listens: {0}")
    @ValueSource(booleans = {true, false})
    @RequiresPeer(Peer.QEMU)
    @Timeout(900)
    void shouldGoOnAnsweringAGuest(boolean qemuListens) {
        Path socket = folder.resolve("net.sock");
        BackendSpec spec = BackendSpec.of(Mode.ICMPECHO, socket).asClient(qemuListens);
        Nic nic = Nic.on(socket).withSocketOptions(qemuListens ? ",server=on,wait=off" : ",reconnect=1");
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Backend backend = Backend.start(spec);
        try (QemuGuest guest =
                QemuGuest.options(Peer.QEMU, "guest", folder).nic(nic).boot()) {
            guest.shell().run("echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6");
            guest.raise(0);
            guest.shell()
                    .run("{ wire echo " + Guest.BACKEND_ADDRESS + " 0 " + INTERVAL_MS
                            + " 1000 >/tmp/echo & } ; echo $! >/tmp/process");
            awaitGood(guest, 20);
            for (int death = 0; death < DEATHS; death++) {
                LockSupport.parkNanos(random.nextLong(LONGEST_LIFE_NANOS)); // any moment will do
                backend.kill();
                long unanswered = echoes(guest).get("sent") + 10;
                Await.until(() -> echoes(guest), seen -> seen.get("sent") > unanswered, "pings into the void", LIMIT);
                long before = echoes(guest).get("good");
                backend = Backend.start(spec);
                awaitGood(guest, before + 200);
            }
            check(guest, seed);
            assertEquals(1, guest.shell().boots(), "the guest must not reboot");
            guest.powerOff();
            backend.finish();
        } finally {
            backend.close();
        }
    }

    /**
     * Nothing is answered twice, and every packet has come back to the guest. Not every one is answered: while there is no back-end, the link
     * is down, and QEMU itself empties the transmit ring.
     */
    private static void check(QemuGuest guest, long seed) {
        guest.shell().run("kill $(cat /tmp/process); wait $(cat /tmp/process); true", LIMIT);
        Figures end = echoes(guest);
        Figures unsent = Figures.last(guest.shell().run("tail -n 2 /tmp/echo"), "@unsent");
        System.out.println(DEATHS + " deaths, seed " + seed + ": " + end.line() + ", " + unsent.line());
        assertEquals(0, end.get("bad"), end.line());
        assertEquals(0, end.get("again"), end.line());
        assertEquals("@unsent 0", unsent.line(), "bytes of packets that the guest has not got back");
        String complaints = guest.shell().run("dmesg | grep virtio_net || true");
        assertEquals("", complaints, "the guest's driver complains");
        guest.ping(FULL_RING, 1, 1000);
    }

    private static void awaitGood(QemuGuest guest, long least) {
        Await.until(() -> echoes(guest), seen -> seen.get("good") >= least, "answers: " + least, LIMIT);
    }

    private static Figures echoes(QemuGuest guest) {
        String text = guest.shell().run("tail -n 3 /tmp/echo");
        return text.isEmpty() ? NONE : Figures.last(text, "@echo");
    }

    @ParameterizedTest(name = "packed: {0}")
    @ValueSource(booleans = {false, true})
    @RequiresPeer(Peer.TESTPMD)
    @Timeout(900)
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
