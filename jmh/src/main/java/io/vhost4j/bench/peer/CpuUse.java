// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the kernel has counted up to a moment.
 *
 * @param atNanos the moment, by {@link System#nanoTime}
 * @param tasks nanoseconds that each thread has run
 * @param stolenTicks of each processor, in hundredths of a second: it was ready to run, but the hypervisor ran somebody else
 */
record CpuUse(long atNanos, Map<Task, Long> tasks, Map<Integer, Long> stolenTicks) {
    private static final double TICK_NANOS = 1e7;
    private static final int STEAL_FIELD = 8;

    /** A thread of a process, by the name that the kernel has for it. */
    record Task(long pid, long tid) {
        private Path file(String name) {
            return Path.of("/proc/" + pid + "/task/" + tid + "/" + name);
        }
    }

    /** The thread of a process that ran most, with its part of the time, 0 to 1. */
    record Worker(Task task, double share) {}

    /** Looks now at the threads of some processes and at all processors. */
    static CpuUse now(List<Long> pids) {
        try {
            Map<Task, Long> tasks = new HashMap<>();
            for (long pid : pids) {
                addThreads(pid, tasks);
            }
            return new CpuUse(System.nanoTime(), tasks, steal(Files.readAllLines(Path.of("/proc/stat"))));
        } catch (IOException e) {
            throw new BenchFailure("the kernel's accounts cannot be read: " + e.getMessage(), e);
        }
    }

    private static void addThreads(long pid, Map<Task, Long> tasks) throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path folder : folders) {
                Task task = new Task(pid, Long.parseLong(folder.getFileName().toString()));
                try {
                    tasks.put(
                            task,
                            Long.parseLong(
                                    Files.readString(task.file("schedstat")).split(" ")[0]));
                } catch (IOException e) {
                    if (Files.exists(folder)) {
                        throw e;
                    }
                    tasks.remove(task); // it has just ended
                }
            }
        }
    }

    /** Hundredths of a second stolen, by processor, out of the lines of {@code /proc/stat}. */
    static Map<Integer, Long> steal(List<String> lines) {
        Map<Integer, Long> stolen = new HashMap<>();
        for (String line : lines) {
            String[] fields = line.split(" +");
            if (line.startsWith("cpu") && !fields[0].equals("cpu")) {
                stolen.put(Integer.valueOf(fields[0].substring(3)), Long.valueOf(fields[STEAL_FIELD]));
            }
        }
        return stolen;
    }

    /** The busiest thread of a process since {@code before}. */
    Worker worker(CpuUse before, List<Long> pids) {
        Worker busiest = null;
        for (Map.Entry<Task, Long> entry : tasks.entrySet()) {
            if (!pids.contains(entry.getKey().pid())) {
                continue;
            }
            long ran = entry.getValue() - before.tasks.getOrDefault(entry.getKey(), 0L);
            double share = (double) ran / (atNanos - before.atNanos);
            if (busiest == null || share > busiest.share()) {
                busiest = new Worker(entry.getKey(), share);
            }
        }
        if (busiest == null) {
            throw new BenchFailure("processes " + pids + " have no threads: they ended");
        }
        return busiest;
    }

    /** Part of the time, 0 to 1, that a processor was stolen since {@code before}. */
    double stolen(CpuUse before, int cpu) {
        long ticks = stolenTicks.getOrDefault(cpu, 0L) - before.stolenTicks.getOrDefault(cpu, 0L);
        return ticks * TICK_NANOS / (atNanos - before.atNanos);
    }

    /** Fails unless a worker may run on one processor only, and that is {@code cpu}. */
    static void requirePinned(Worker worker, int cpu, String side) {
        String allowed;
        try {
            allowed = Files.readAllLines(worker.task().file("status")).stream()
                    .filter(line -> line.startsWith("Cpus_allowed_list:"))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            throw new BenchFailure(side + ": its worker has ended: " + e.getMessage(), e);
        }
        if (!allowed.equals(Integer.toString(cpu))) {
            throw new BenchFailure(
                    side + ": its busiest thread may run on CPUs " + allowed + ", not only on CPU " + cpu);
        }
    }
}
