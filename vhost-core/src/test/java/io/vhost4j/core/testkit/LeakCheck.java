// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.testkit;

import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.OwnedFd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that ends with more owned descriptors, mappings, registered counters or open files of this process than it
 * began with. Use it by {@code @ExtendWith(LeakCheck.class)}; for tests that run one at a time. Files that the JVM opens
 * for itself (jars, modules, {@code /proc}, random numbers) do not count.
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LeakCheck.class);
    private static final Path OPEN_FILES = Path.of("/proc/self/fd");
    private static final Map<String, LongSupplier> COUNTERS = new ConcurrentHashMap<>();

    static {
        track("owned descriptors", OwnedFd::openCount);
        track("mappings", Mapping::openCount);
    }

    /** Called by JUnit. */
    public LeakCheck() {}

    private record Snapshot(Map<String, Long> counts, Map<String, String> files) {
        static Snapshot take() {
            Map<String, Long> counts = new TreeMap<>();
            COUNTERS.forEach((name, counter) -> counts.put(name, counter.getAsLong()));
            return new Snapshot(counts, openFiles());
        }

        List<String> leaksSince(Snapshot before) {
            List<String> leaks = new ArrayList<>();
            counts.forEach((name, count) -> {
                long more = count - before.counts.getOrDefault(name, 0L);
                if (more != 0) {
                    leaks.add(name + ": " + before.counts.getOrDefault(name, 0L) + " before, " + count + " after");
                }
            });
            files.forEach((fd, target) -> {
                if (!target.equals(before.files.get(fd))) {
                    leaks.add("open file " + fd + " -> " + target);
                }
            });
            return leaks;
        }
    }

    /**
     * Adds a counter of things that a test must give back, for all tests of this JVM from the next one on.
     *
     * @param name for the message
     * @param liveCount how many are alive
     */
    public static void track(String name, LongSupplier liveCount) {
        COUNTERS.put(name, liveCount);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(NAMESPACE).put(Snapshot.class, Snapshot.take());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Snapshot before = context.getStore(NAMESPACE).remove(Snapshot.class, Snapshot.class);
        List<String> leaks = Snapshot.take().leaksSince(before);
        if (!leaks.isEmpty()) {
            throw new AssertionError(context.getDisplayName() + " leaks: " + String.join("; ", leaks));
        }
    }

    private static Map<String, String> openFiles() {
        Map<String, String> files = new TreeMap<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(OPEN_FILES)) {
            for (Path entry : entries) {
                String target = target(entry);
                if (!belongsToJvm(target)) {
                    files.put(entry.getFileName().toString(), target);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("listing " + OPEN_FILES, e);
        }
        return files;
    }

    /** Where the link leads; empty for one that was closed since it was listed: another thread's file. */
    private static String target(Path entry) throws IOException {
        try {
            return Files.readSymbolicLink(entry).toString();
        } catch (NoSuchFileException e) {
            return "";
        }
    }

    private static boolean belongsToJvm(String target) {
        return target.isEmpty()
                || target.endsWith(".jar")
                || target.endsWith(".class")
                || target.endsWith("/lib/modules")
                || target.startsWith("/proc/")
                || target.startsWith("/sys/")
                || target.equals("/dev/random")
                || target.equals("/dev/urandom");
    }
}
