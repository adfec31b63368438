// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a Java process holds at one time.
 *
 * @param second seconds since the run began
 * @param connections connections made so far
 * @param descriptors open file descriptors
 * @param mappings mappings, lines of {@code /proc/PID/maps}
 * @param threads threads
 * @param heapKilobytes objects that live, after a collection
 * @param nativeKilobytes memory that the virtual machine has committed, the heap included
 * @param residentKilobytes resident memory
 * @param buffers packet buffers in use
 */
record SoakSample(
        long second,
        long connections,
        long descriptors,
        long mappings,
        long threads,
        long heapKilobytes,
        long nativeKilobytes,
        long residentKilobytes,
        long buffers) {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Pattern LIVE = Pattern.compile("Total\\s+\\d+\\s+(\\d+)");
    private static final Pattern COMMITTED = Pattern.compile("Total: reserved=\\d+KB, committed=(\\d+)KB");
    private static final Pattern STATUS = Pattern.compile("(?m)^(VmRSS|Threads):\\s+(\\d+)");

    /** Looks at a process that runs with {@code -XX:NativeMemoryTracking=summary}. */
    static SoakSample of(long pid, long second, long connections, long buffers) {
        // the histogram collects garbage before it counts
        long heap = number(LIVE, jcmd(pid, "GC.class_histogram")) / 1024;
        long committed = number(COMMITTED, jcmd(pid, "VM.native_memory", "summary"));
        Path process = Path.of("/proc", String.valueOf(pid));
        try (Stream<Path> open = Files.list(process.resolve("fd"))) {
            String status = Files.readString(process.resolve("status"));
            return new SoakSample(
                    second,
                    connections,
                    open.count(),
                    Files.readAllLines(process.resolve("maps")).size(),
                    status(status, "Threads"),
                    heap,
                    committed,
                    status(status, "VmRSS"),
                    buffers);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String jcmd(long pid, String... command) {
        List<String> words = new java.util.ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), String.valueOf(pid)));
        words.addAll(List.of(command));
        try (Program program = Program.start("jcmd", words, Map.of())) {
            int status = program.awaitExit(LIMIT);
            String text = String.join("\n", program.out().toEnd(LIMIT));
            if (status != 0) {
                throw new AssertionError(words + " ended with status " + status + ": " + text);
            }
            return text;
        }
    }

    private static long number(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new AssertionError("no " + pattern + " in: " + text);
        }
        return Long.parseLong(matcher.group(1));
    }

    private static long status(String status, String name) {
        return STATUS.matcher(status)
                .results()
                .filter(result -> result.group(1).equals(name))
                .mapToLong(result -> Long.parseLong(result.group(2)))
                .findFirst()
                .orElseThrow();
    }
}
