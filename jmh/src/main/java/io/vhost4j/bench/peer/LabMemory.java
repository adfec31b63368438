// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Huge pages for the peers, or plain memory where there are none and this process may not reserve them. What was reserved or mounted
 * here is given back in the end; files of runs that were cut off are removed at the start.
 */
final class LabMemory implements AutoCloseable {
    /** Names of all files that the peers leave. */
    static final String PREFIX = "vhost4j-peer-bench-";

    private static final int MEGABYTES_PER_PEER = 160;
    private static final int MEGABYTES_PER_POOL = 64;
    private static final Path COUNT = Path.of("/proc/sys/vm/nr_hugepages");
    private static final Pattern FREE = Pattern.compile("HugePages_Free:\\s+(\\d+)");
    private static final Pattern PAGE = Pattern.compile("Hugepagesize:\\s+(\\d+) kB");

    private final @Nullable Path folder;
    private final boolean mounted;
    private final long before;
    private final long reserved;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Runnable atExit = this::close;

    private LabMemory(@Nullable Path folder, boolean mounted, long before, long reserved) {
        this.folder = folder;
        this.mounted = mounted;
        this.before = before;
        this.reserved = reserved;
        AtExit.add(atExit);
    }

    /**
     * Finds or makes what {@code couples} back-ends with their front-ends need, in {@code folder} if no file system for huge pages is
     * mounted.
     */
    static LabMemory prepare(Path folder, boolean wanted, int couples) {
        if (!wanted) {
            return new LabMemory(null, false, 0, 0);
        }
        try {
            String info = Files.readString(Path.of("/proc/meminfo"));
            long needed = pagesNeeded(info, couples);
            long missing = needed - number(FREE, info);
            long before = number(Pattern.compile("(\\d+)"), Files.readString(COUNT));
            long reserved = missing > 0 ? reserve(before + missing) : 0;
            if (number(FREE, Files.readString(Path.of("/proc/meminfo"))) < needed) {
                giveBack(before, reserved);
                return new LabMemory(null, false, 0, 0);
            }
            Path standard = mountedFolder(Files.readAllLines(Path.of("/proc/mounts")));
            if (standard != null) {
                LabMemory memory = new LabMemory(standard, false, before, reserved);
                memory.removeFiles();
                return memory;
            }
            Files.createDirectories(folder);
            boolean mounted = run("mount", "-t", "hugetlbfs", "nodev", folder.toString());
            if (!mounted) {
                giveBack(before, reserved);
            }
            return new LabMemory(mounted ? folder : null, mounted, before, mounted ? reserved : 0);
        } catch (IOException e) {
            throw new BenchFailure("huge pages cannot be looked up: " + e.getMessage() + "; try --no-huge", e);
        }
    }

    /** Pages for two peers in each couple, and for the packet pool that a back-end may have apart. */
    static long pagesNeeded(String meminfo, int couples) {
        long megabytes = (2L * MEGABYTES_PER_PEER + MEGABYTES_PER_POOL) * couples;
        return Math.ceilDiv(megabytes * 1024, number(PAGE, meminfo));
    }

    /** The first file system for huge pages that is mounted with the standard page size, or null. */
    static @Nullable Path mountedFolder(List<String> mounts) {
        return mounts.stream()
                .map(line -> line.split(" "))
                .filter(field -> field.length > 3 && field[2].equals("hugetlbfs"))
                .filter(field -> !field[3].contains("pagesize=1024M") && !field[1].contains(PREFIX))
                .map(field -> Path.of(field[1]))
                .findFirst()
                .orElse(null);
    }

    private static long number(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
    }

    /** Returns what the count of pages is then, or 0 where this process may not change it. */
    private static long reserve(long pages) throws IOException {
        if (!Files.isWritable(COUNT)) {
            return 0;
        }
        Files.writeString(COUNT, Long.toString(pages));
        return number(Pattern.compile("(\\d+)"), Files.readString(COUNT));
    }

    /** Undoes {@link #reserve}, unless somebody else has changed the count since. */
    private static void giveBack(long before, long reserved) throws IOException {
        if (reserved > 0 && number(Pattern.compile("(\\d+)"), Files.readString(COUNT)) == reserved) {
            Files.writeString(COUNT, Long.toString(before));
        }
    }

    private static boolean run(String... command) throws IOException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Whether the peers' memory is in huge pages. */
    boolean huge() {
        return folder != null;
    }

    /** DPDK's options for it. */
    List<String> ealOptions(String files) {
        List<String> options =
                new ArrayList<>(List.of("--file-prefix=" + PREFIX + files, "-m", "" + MEGABYTES_PER_PEER));
        options.add("--single-file-segments");
        if (folder == null) {
            options.add("--no-huge");
        } else {
            options.add("--huge-dir=" + folder);
        }
        return options;
    }

    /** Removes what a peer that was killed could not. No peer may run. */
    void removeFiles() {
        if (folder == null) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*")) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cleaning up " + folder, e);
        }
    }

    /** Removes files, the mount, and the reservation. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        AtExit.remove(atExit);
        removeFiles();
        try {
            if (mounted && folder != null) {
                run("umount", folder.toString());
                Files.deleteIfExists(folder);
            }
            giveBack(before, reserved);
        } catch (IOException e) {
            throw new UncheckedIOException("giving huge pages back", e);
        }
    }
}
