// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A guest that wanders between QEMU processes, whose cards are on different sockets of one back-end, and sends echoes all the while.
 * Their answers stay unread: they are in memory that only the back-end has written, and are checked at the end. One thread.
 */
final class Migration implements AutoCloseable {
    /**
     * The newer QEMU, unless {@code -Dvhost4j.interop.migration.qemu=qemu} asks for the distribution's: under that one, with binary
     * translation, a guest dies after some moves, whoever serves its card.
     */
    static final Peer QEMU =
            "qemu".equals(System.getProperty("vhost4j.interop.migration.qemu")) ? Peer.QEMU : Peer.QEMU10;

    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** Slow enough that the guest gets many answers while its memory is copied. */
    private static final String BYTES_PER_SECOND = "24000000";

    private static final int INTERVAL_MS = 10;
    private static final int BYTES = 1400;
    private static final String APART_ADDRESS = "10.0.0.3";
    private static final int STREAM_PORT = 5000;
    private static final Set<Object> ENDS = Set.of("completed", "failed", "cancelled");

    private final Path folder;
    private final List<List<Path>> places;
    private final String deviceOptions;
    private final boolean postcopy;
    private final List<QemuGuest> started = new ArrayList<>();
    private QemuGuest guest;

    /**
     * What QEMU tells of a migration.
     *
     * @param totalMs its time in milliseconds
     * @param downtimeMs for how long the guest stood still, in milliseconds
     * @param rounds how often QEMU asked which pages were written
     * @param bytes the memory sent
     * @param requests pages that the destination asked for: with post-copy only
     */
    record Outcome(long totalMs, long downtimeMs, long rounds, long bytes, long requests) {}

    /** What the guest's tool says at its end. */
    record Echoes(long sent, long good, long bad, long again, String lost) {
        long missing() {
            return sent - good - bad;
        }

        private static Echoes of(String text) {
            Figures counts = Figures.last(text, "@echo");
            return new Echoes(
                    counts.get("sent"),
                    counts.get("good"),
                    counts.get("bad"),
                    counts.get("again"),
                    Figures.last(text, "@lost").line());
        }
    }

    /**
     * What the guest's tool says of the stream.
     *
     * @param poured blocks sent
     * @param drained blocks received
     * @param bad those of them that are not what was sent
     */
    record Stream(long poured, long drained, long bad) {}

    private Migration(Path folder, List<List<Path>> places, String deviceOptions, boolean postcopy) {
        this.folder = folder;
        this.places = places;
        this.deviceOptions = deviceOptions;
        this.postcopy = postcopy;
        this.guest = options().boot();
        started.add(guest);
    }

    /**
     * Boots a guest on the first of two sockets and lets it send echoes to the back-end.
     *
     * @param folder where files of the processes go
     * @param deviceOptions options of its card
     * @param postcopy whether the memory follows the guest
     */
    static Migration begin(Path folder, Backend backend, List<Path> sockets, String deviceOptions, boolean postcopy) {
        List<List<Path>> places = sockets.stream().map(List::of).toList();
        Migration migration = new Migration(folder, places, deviceOptions, postcopy);
        return migration.prepared(() -> {
            migration.guest.raise(0);
            migration.hold(Guest.BACKEND_ADDRESS, backend);
        });
    }

    /**
     * Boots a guest with two cards, between which the back-end forwards, and lets it send echoes and a stream over that wire: the second card
     * is in a network of its own.
     *
     * @param places two sockets for each of the places between which the guest wanders
     */
    static Migration beginWithStream(
            Path folder, Backend backend, List<List<Path>> places, String deviceOptions, boolean postcopy) {
        Migration migration = new Migration(folder, places, deviceOptions, postcopy);
        return migration.prepared(() -> {
            migration.guest.raise(0);
            GuestShell shell = migration.guest.shell();
            shell.run("apart eth1 " + APART_ADDRESS);
            int mark = shell.mark();
            shell.run("{ inside wire drain " + STREAM_PORT + " >/tmp/drained & }");
            shell.log().await(mark, line -> line.endsWith("@listening " + STREAM_PORT), "a listener", LIMIT);
            shell.run(String.format(
                    Locale.ROOT,
                    "{ wire pour %s %d %d >/tmp/poured & } ; echo $! >/tmp/pouring",
                    APART_ADDRESS,
                    STREAM_PORT,
                    INTERVAL_MS));
            migration.hold(APART_ADDRESS, backend);
            migration.awaitStream(50);
        });
    }

    private Migration prepared(Runnable preparation) {
        try {
            preparation.run();
            return this;
        } catch (AssertionError e) {
            close();
            throw e;
        }
    }

    private void hold(String address, Backend backend) {
        guest.shell()
                .run(String.format(
                        Locale.ROOT,
                        "{ wire hold %s 0 %d %d >/tmp/echo & } ; echo $! >/tmp/process",
                        address,
                        INTERVAL_MS,
                        BYTES));
        backend.awaitCounters(counters -> counters.toPackets() >= 50, "answers to the guest", LIMIT);
    }

    /** Blocks of the stream that have arrived so far. */
    long drained() {
        String line = guest.shell().run("tail -n 1 /tmp/drained");
        return line.isEmpty() ? 0 : Figures.last(line, "@drained").get("blocks");
    }

    /** Waits until that many blocks have arrived. */
    void awaitStream(long blocks) {
        Await.until(this::drained, now -> now >= blocks, blocks + " blocks of the stream", LIMIT);
    }

    /** How many packets the guest sends in some time. */
    static long packetsIn(long milliseconds) {
        return milliseconds / INTERVAL_MS + 1;
    }

    /** The guest, in the process where it is now. */
    QemuGuest guest() {
        return guest;
    }

    private QemuGuest.Options options() {
        // the same name gives the same MAC address
        Path own = folder.resolve(String.valueOf(started.size()));
        if (!own.toFile().mkdir()) {
            throw new AssertionError(own + " exists");
        }
        QemuGuest.Options options = QemuGuest.options(QEMU, "guest", own);
        for (Path socket : places.get(started.size() % places.size())) {
            options.nic(Nic.on(socket).withDeviceOptions(deviceOptions));
        }
        return options;
    }

    /** Moves the guest to a new process on the other socket, and ends the process that it leaves. */
    Outcome migrate() {
        String uri = "{\"uri\":\"unix:" + folder.resolve("migration" + started.size()) + "\"}";
        QemuGuest source = guest;
        QemuGuest destination = options().arguments("-incoming", "defer").start();
        started.add(destination);
        Await.until(destination::answers, answers -> answers, "the destination's monitor", LIMIT);
        source.command("migrate-set-parameters", "{\"max-bandwidth\":" + BYTES_PER_SECOND + "}");
        if (postcopy) {
            String capability = "{\"capabilities\":[{\"capability\":\"postcopy-ram\",\"state\":true}]}";
            destination.command("migrate-set-capabilities", capability);
            source.command("migrate-set-capabilities", capability);
        }
        destination.command("migrate-incoming", uri);
        source.command("migrate", uri);
        if (postcopy) {
            Await.until(() -> state(source), state -> sent(state) > 0, "the start of the copying", LIMIT);
            source.command("migrate-start-postcopy");
        }
        Map<String, Object> state =
                Await.until(() -> state(source), now -> ENDS.contains(now.get("status")), "the end", LIMIT);
        if (!"completed".equals(state.get("status"))) {
            throw new AssertionError("the migration ended so: " + state + "; the destination wrote:\n  "
                    + destination.errors().tail());
        }
        source.quit();
        guest = destination;
        Map<String, Object> memory = Json.asMap(state.get("ram"));
        return new Outcome(
                Json.number(state, "total-time"),
                Json.number(state, "downtime"),
                Json.number(memory, "dirty-sync-count"),
                Json.number(memory, "transferred"),
                Json.number(memory, "postcopy-requests"));
    }

    private static Map<String, Object> state(QemuGuest source) {
        return Json.asMap(source.command("query-migrate"));
    }

    private static long sent(Map<String, Object> state) {
        return state.get("ram") instanceof Map<?, ?> memory && memory.get("transferred") instanceof Long bytes
                ? bytes
                : 0;
    }

    /** Lets the guest stop sending and check the answers. */
    Echoes finish() {
        guest.shell().run(end("/tmp/process"), LIMIT);
        return Echoes.of(guest.shell().run("cat /tmp/echo"));
    }

    /** What ends the guest's process with the number in a file, and waits for it. */
    private static String end(String file) {
        return "kill $(cat " + file + "); wait $(cat " + file + "); true";
    }

    /** Lets the guest stop the stream. */
    Stream finishStream() {
        guest.shell().run(end("/tmp/pouring"), LIMIT);
        Figures drained = Figures.last(guest.shell().run("tail -n 1 /tmp/drained"), "@drained");
        long poured =
                Figures.last(guest.shell().run("cat /tmp/poured"), "@poured").get("blocks");
        return new Stream(poured, drained.get("blocks"), drained.get("bad"));
    }

    @Override
    public void close() {
        started.forEach(QemuGuest::close);
    }
}
