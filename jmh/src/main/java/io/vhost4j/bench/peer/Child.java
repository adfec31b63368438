// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A program under measurement, driven by lines. All that still run are ended when this process ends. */
final class Child implements AutoCloseable {
    private static final int REMEMBERED = 30;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String name;
    private final List<String> command;
    private final Process process;
    private final Runnable atExit = this::close;
    private final BufferedWriter input;
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
    private final Deque<String> last = new ArrayDeque<>();

    private Child(String name, List<String> command, Process process) {
        this.name = name;
        this.command = command;
        this.process = process;
        input = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    }

    /** Starts a program with our environment and the launcher told to use the JDK of this virtual machine. */
    static Child start(String name, List<String> command) {
        return start(name, command, Map.of());
    }

    /** The same, with more variables in its environment. */
    static Child start(String name, List<String> command, Map<String, String> variables) {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("VHOST4J_JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(variables);
        try {
            Child child = new Child(name, List.copyOf(command), builder.start());
            AtExit.add(child.atExit);
            Thread reader = new Thread(child::read, "output of " + name);
            reader.setDaemon(true);
            reader.start();
            return child;
        } catch (IOException e) {
            throw new BenchFailure(name + ": cannot be started: " + e.getMessage(), e);
        }
    }

    private void read() {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(Optional.of(line));
            }
        } catch (IOException e) {
            lines.add(Optional.of("(output lost: " + e.getMessage() + ")"));
        } finally {
            lines.add(Optional.empty());
        }
    }

    List<String> command() {
        return command;
    }

    /** The process and those that it started. */
    List<Long> pids() {
        List<Long> pids = new ArrayList<>(List.of(process.pid()));
        process.descendants().forEach(handle -> pids.add(handle.pid()));
        return pids;
    }

    /** Types a line. */
    void send(String line) {
        try {
            input.write(line);
            input.newLine();
            input.flush();
        } catch (IOException e) {
            throw new BenchFailure(name + ": does not listen any more: " + e.getMessage() + context(), e);
        }
    }

    /** Forgets all lines that have come. */
    void skip() {
        for (Optional<String> line = lines.peek(); line != null && line.isPresent(); line = lines.peek()) {
            remember(line.get());
            lines.remove();
        }
    }

    /** Reads on until a line contains {@code wanted}. */
    Matcher await(Pattern wanted, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        try {
            while (true) {
                Optional<String> line = lines.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (line == null) {
                    throw new BenchFailure(
                            name + ": no line with '" + wanted + "' within " + limit.toSeconds() + " s" + context());
                }
                if (line.isEmpty()) {
                    throw new BenchFailure(name + ": ended before a line with '" + wanted + "'" + context());
                }
                remember(line.get());
                Matcher matcher = wanted.matcher(line.get());
                if (matcher.find()) {
                    return matcher;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchFailure(name + ": interrupted", e);
        }
    }

    private void remember(String line) {
        last.add(line);
        if (last.size() > REMEMBERED) {
            last.remove();
        }
    }

    private String context() {
        for (Optional<String> rest = lines.poll(); rest != null; rest = lines.poll()) {
            rest.ifPresent(this::remember);
        }
        return System.lineSeparator() + "  command: " + String.join(" ", command) + System.lineSeparator()
                + "  last lines:" + System.lineSeparator() + "    "
                + String.join(System.lineSeparator() + "    ", last);
    }

    /** Asks the process to end by SIGTERM. */
    void terminate() {
        // by the handle: Process.destroy would also close the output, which is still wanted
        process.toHandle().destroy();
    }

    /** Waits for the end, with the code that says that all went well. */
    void requireCleanEnd() {
        requireEnd();
        if (process.exitValue() != 0) {
            throw new BenchFailure(name + ": ended with code " + process.exitValue() + context());
        }
    }

    /** Waits for the end. */
    void requireEnd() {
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new BenchFailure(name + ": did not end within " + PATIENCE.toSeconds() + " s" + context());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchFailure(name + ": interrupted", e);
        }
    }

    /** Ends the process, kindly first. */
    @Override
    public void close() {
        List<ProcessHandle> descendants = process.descendants().toList();
        try {
            process.destroy();
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        } finally {
            descendants.forEach(ProcessHandle::destroyForcibly);
            AtExit.remove(atExit);
        }
    }
}
