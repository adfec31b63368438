// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest moves from one QEMU to another under traffic; the back-end logs what it writes, so nothing is lost on the way. */
@RequiresPeer({Peer.QEMU, Peer.QEMU10})
class MigrationIT {
    /** Migrations in a row, forth and back. */
    private static final int MIGRATIONS = Integer.getInteger("vhost4j.interop.migrations", 2);

    private static final int STREAM_MIGRATIONS = Integer.getInteger("vhost4j.interop.migrations", 1);

    /** Post-copy migrations in a row. */
    private static final int POSTCOPY_MIGRATIONS = Integer.getInteger("vhost4j.interop.postcopy.migrations", 1);

    private static final int LOG_ALL = 26;
    private static final int RING_PACKED = 34;

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"packed=off", "packed=on"})
    @Timeout(900)
    void shouldKeepEveryAnswer(String ring) {
        List<Path> sockets = sockets();
        BackendSpec spec = BackendSpec.of(Mode.ICMPECHO, sockets.toArray(Path[]::new));
        try (Backend backend = Backend.start(spec);
                Migration migration = Migration.begin(folder, backend, sockets, "," + ring, false)) {
            assertEquals("packed=on".equals(ring), migration.guest().hasFeature("eth0", RING_PACKED));
            long allowed = 0;
            for (int i = 0; i < MIGRATIONS; i++) {
                Migration.Outcome outcome = migration.migrate();
                System.out.println(ring + " " + outcome);
                allowed += Migration.packetsIn(outcome.downtimeMs());
            }
            Migration.Echoes echoes = migration.finish();
            System.out.println(ring + " " + echoes + ", allowed to be lost " + allowed);
            check(echoes, allowed);
            if (backend instanceof ForwardBackend ours) {
                checkLogSwitches(ours, MIGRATIONS);
            }
            migration.guest().powerOff();
            backend.finish();
        }
    }

    private static void checkLogSwitches(ForwardBackend backend, int least) {
        long switches = logSwitches(backend);
        assertTrue(switches >= least, "the log was switched on " + switches + " times");
    }

    /**
     * Over the moves a stream goes from one card of the guest to the other, and every block is checked as it comes. Echoes stay unread in
     * memory that only the back-end has written, and are checked at the end.
     */
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"packed=off", "packed=on"})
    @Timeout(900)
    void shouldKeepEveryAnswerAndTheStream(String ring) {
        carryAStream(ring, STREAM_MIGRATIONS, false);
    }

    /** The same while the memory follows the guest. The back-end, too, waits for pages that it needs. */
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"packed=off", "packed=on"})
    @Timeout(900)
    void shouldKeepEveryAnswerAndTheStreamInPostcopy(String ring) {
        carryAStream(ring, POSTCOPY_MIGRATIONS, true);
    }

    private void carryAStream(String ring, int migrations, boolean postcopy) {
        List<List<Path>> places = List.of(
                List.of(folder.resolve("a0.sock"), folder.resolve("a1.sock")),
                List.of(folder.resolve("b0.sock"), folder.resolve("b1.sock")));
        BackendSpec spec =
                BackendSpec.of(Mode.IO, places.stream().flatMap(List::stream).toArray(Path[]::new));
        try (ForwardBackend backend = ForwardBackend.start(postcopy ? spec.withOptions("--postcopy") : spec);
                Migration migration = Migration.beginWithStream(folder, backend, places, "," + ring, postcopy)) {
            assertEquals("packed=on".equals(ring), migration.guest().hasFeature("eth0", RING_PACKED));
            long allowed = 0;
            for (int i = 0; i < migrations; i++) {
                Migration.Outcome outcome = migration.migrate();
                System.out.println(ring + " " + outcome);
                assertEquals(postcopy, outcome.requests() > 0, "pages asked for by the destination: " + outcome);
                allowed += Migration.packetsIn(outcome.downtimeMs());
                migration.awaitStream(migration.drained() + 100);
            }
            Migration.Stream stream = migration.finishStream();
            Migration.Echoes echoes = migration.finish();
            checkLogSwitches(backend, 2 * migrations);
            migration.guest().powerOff();
            // what one card sends while the other has none on its side yet, or no more, the launcher drops and counts
            long dropped = backend.finish().dropped();
            System.out.println(ring + " " + stream + ", " + echoes + ", dropped " + dropped + ", downtime " + allowed);
            assertEquals(0, stream.bad(), "blocks with wrong bytes: " + stream);
            assertEquals(stream.poured(), stream.drained(), "blocks sent and received");
            check(echoes, allowed + dropped);
        }
    }

    private static void check(Migration.Echoes echoes, long allowed) {
        assertEquals(0, echoes.bad(), "answers with wrong bytes: " + echoes);
        assertEquals(0, echoes.again(), "answers twice: " + echoes);
        assertTrue(echoes.missing() <= allowed, "more lost than in the downtime (" + allowed + "): " + echoes);
    }

    @ParameterizedTest(name = "guest_announce={0}")
    @ValueSource(strings = {"off", "on"})
    @Timeout(200)
    void shouldAnnounceTheGuestThatCannotDoSo(String announce) throws IOException {
        List<Path> sockets = sockets();
        Path capture = folder.resolve("packets.pcapng");
        String mac;
        try (ForwardBackend backend = start(sockets, "--pcap", capture.toString());
                Migration migration = Migration.begin(folder, backend, sockets, ",guest_announce=" + announce, false)) {
            mac = migration
                    .guest()
                    .shell()
                    .run("cat /sys/class/net/eth0/address")
                    .trim();
            migration.migrate();
            assertEquals(0, migration.finish().bad());
            migration.guest().powerOff();
            backend.finish();
        }
        String announcement = "ffffffffffff" + mac.replace(":", "") + "8035"; // to all, from the guest, RARP
        assertEquals(
                announce.equals("off"),
                hex(Files.readAllBytes(capture)).contains(announcement),
                "a frame " + announcement + " in the capture");
    }

    /** Without the log QEMU does not even begin. */
    @Test
    @Timeout(200)
    void shouldNotMigrateWithoutTheLog() {
        List<Path> sockets = sockets();
        try (ForwardBackend backend = start(sockets, "--disable", "LOG_ALL");
                Migration migration = Migration.begin(folder, backend, sockets, "", false)) {
            AssertionError refused = assertThrows(AssertionError.class, migration::migrate);
            System.out.println(refused.getMessage());
            assertTrue(refused.getMessage().contains("VHOST_F_LOG_ALL"), refused.getMessage());
            assertEquals(0, migration.finish().missing(), "lost, although the guest has not moved");
            migration.guest().powerOff();
            backend.finish();
        }
    }

    /** Shows that the other tests would see pages that were written and not logged. */
    @Test
    @Timeout(200)
    void shouldFindBytesMissingThatWereNotLogged() {
        List<Path> sockets = sockets();
        Path filtered = folder.resolve("filtered.sock");
        try (ForwardBackend backend = start(sockets);
                Middleman middleman = Middleman.withoutFeature(filtered, sockets.getFirst(), LOG_ALL);
                Migration migration =
                        Migration.begin(folder, backend, List.of(filtered, sockets.getLast()), "", false)) {
            migration.migrate();
            assertTrue(middleman.counted() > 0, "the feature bit was not seen");
            assertEquals(0, logSwitches(backend));
            Migration.Echoes echoes = migration.finish();
            System.out.println("without the log: " + echoes);
            assertTrue(echoes.bad() + echoes.missing() > 0, "all is well without the log: " + echoes);
        }
    }

    private List<Path> sockets() {
        return List.of(folder.resolve("a.sock"), folder.resolve("b.sock"));
    }

    private static ForwardBackend start(List<Path> sockets, String... options) {
        return ForwardBackend.start(
                BackendSpec.of(Mode.ICMPECHO, sockets.toArray(Path[]::new)).withOptions(options));
    }

    private static long logSwitches(ForwardBackend backend) {
        return backend.launcher().events("features").stream()
                .filter(event -> Boolean.TRUE.equals(event.get("log_all")))
                .count();
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
