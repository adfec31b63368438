// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * What a process holds, as seen from outside: descriptors that front-ends can cause (sockets, event counters, memory files and the like),
 * mappings of files that have no name, threads but for those that a JVM starts and ends as it likes.
 */
record ProcessState(int fds, int mappings, int threads) {
    private static final Pattern OWN_THREADS =
            Pattern.compile("(C1|C2|G1|GC|Parallel|VM|Common|Signal|Attach|Reference|Finalizer|Monitor|Service|Notif|"
                    + "Sweeper|Cleaner|process|Thread-).*");

    static ProcessState of(long pid) {
        Path folder = Path.of("/proc", String.valueOf(pid));
        try {
            return new ProcessState(fds(folder), mappings(folder), threads(folder));
        } catch (IOException e) {
            throw new UncheckedIOException("process " + pid, e);
        }
    }

    private static int fds(Path folder) throws IOException {
        int count = 0;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder.resolve("fd"))) {
            for (Path entry : entries) {
                count += isForeign(entry) ? 1 : 0;
            }
        }
        return count;
    }

    private static boolean isForeign(Path entry) {
        try {
            String target = Files.readSymbolicLink(entry).toString();
            return !target.startsWith("/") || target.startsWith("/memfd:") || target.startsWith("/dev/");
        } catch (IOException e) {
            return false; // closed since it was listed
        }
    }

    private static int mappings(Path folder) throws IOException {
        return (int) Files.readAllLines(folder.resolve("maps")).stream()
                .filter(line -> line.contains("/memfd:") || line.contains("/dev/zero") || line.contains("anon_inode"))
                .count();
    }

    private static int threads(Path folder) throws IOException {
        int count = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(folder.resolve("task"))) {
            for (Path task : tasks) {
                count += isOwn(task) ? 0 : 1;
            }
        }
        return count;
    }

    private static boolean isOwn(Path task) {
        try {
            return OWN_THREADS
                    .matcher(Files.readString(task.resolve("comm")).strip())
                    .matches();
        } catch (IOException e) {
            return true; // ended since it was listed
        }
    }

    boolean exceeds(ProcessState baseline) {
        return fds > baseline.fds || mappings > baseline.mappings || threads > baseline.threads;
    }

    /** What is more than in the baseline, in words; empty if nothing is. */
    String beyond(ProcessState baseline) {
        StringBuilder more = new StringBuilder();
        more(more, "fds", fds - baseline.fds);
        more(more, "mappings", mappings - baseline.mappings);
        more(more, "threads", threads - baseline.threads);
        return more.toString();
    }

    private static void more(StringBuilder text, String what, int count) {
        if (count > 0) {
            text.append(text.isEmpty() ? "+" : ", +").append(count).append(' ').append(what);
        }
    }
}
