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
 * A guest that wanders between two QEMU processes, whose cards are on two sockets of one back-end, and sends echoes all the while.
 * Their answers stay unread: they are in memory that only the back-end has written, and are checked at the end. One thread.
 */
final class Migration implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** Slow enough that the guest gets many answers while its memory is copied. */
    private static final String BYTES_PER_SECOND = "24000000";

    private static final int INTERVAL_MS = 10;
    private static final int BYTES = 1400;
    private static final Set<Object> ENDS = Set.of("completed", "failed", "cancelled");

    private final Path folder;
    private final List<Path> sockets;
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
     */
    record Outcome(long totalMs, long downtimeMs, long rounds, long bytes) {}

    /** What the guest's tool says at its end. */
    record Echoes(long sent, long good, long bad, long again, String lost) {
        long missing() {
            return sent - good - bad;
        }

        private static Echoes of(String text) {
            String counts = line(text, "@echo ");
            return new Echoes(
                    count(counts, "sent="),
                    count(counts, "good="),
                    count(counts, "bad="),
                    count(counts, "again="),
                    line(text, "@lost "));
        }

        private static String line(String text, String start) {
            return text.lines()
                    .filter(line -> line.startsWith(start))
                    .reduce((first, second) -> second)
                    .orElseThrow(() -> new AssertionError("no line '" + start + "' in: " + text));
        }

        private static long count(String line, String key) {
            int at = line.indexOf(key) + key.length();
            int end = line.indexOf(' ', at);
            return Long.parseLong(line.substring(at, end < 0 ? line.length() : end));
        }
    }

    private Migration(Path folder, List<Path> sockets, String deviceOptions, boolean postcopy) {
        this.folder = folder;
        this.sockets = sockets;
        this.deviceOptions = deviceOptions;
        this.postcopy = postcopy;
        this.guest = options().boot();
        started.add(guest);
    }

    /**
     * Boots a guest on the first of two sockets and lets it send echoes.
     *
     * @param folder where files of the processes go
     * @param deviceOptions options of its card
     * @param postcopy whether the memory follows the guest
     */
    static Migration begin(
            Path folder, ForwardBackend backend, List<Path> sockets, String deviceOptions, boolean postcopy) {
        Migration migration = new Migration(folder, sockets, deviceOptions, postcopy);
        try {
            migration.guest.raise(0);
            migration
                    .guest
                    .shell()
                    .run(String.format(
                            Locale.ROOT,
                            "{ wire hold %s 0 %d %d >/tmp/echo & } ; echo $! >/tmp/process",
                            Guest.BACKEND_ADDRESS,
                            INTERVAL_MS,
                            BYTES));
            backend.awaitCounters(counters -> counters.toPackets() >= 50, "answers to the guest", LIMIT);
            return migration;
        } catch (AssertionError e) {
            migration.close();
            throw e;
        }
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
        Path socket = sockets.get(started.size() % sockets.size());
        // the same name gives the same MAC address
        Path own = folder.resolve(String.valueOf(started.size()));
        if (!own.toFile().mkdir()) {
            throw new AssertionError(own + " exists");
        }
        return QemuGuest.options(Peer.QEMU, "guest", own).nic(Nic.on(socket).withDeviceOptions(deviceOptions));
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
                Json.number(memory, "transferred"));
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
        guest.shell().run("kill $(cat /tmp/process); wait; true", LIMIT);
        return Echoes.of(guest.shell().run("cat /tmp/echo"));
    }

    @Override
    public void close() {
        started.forEach(QemuGuest::close);
    }
}
