// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A running program: its lines, its standard input, signals to it and its exit status. Closing kills it if it still runs. */
public final class Program implements AutoCloseable {
    /** How long any program gets to end once it has been told to. */
    static final Duration END_LIMIT = Duration.ofSeconds(20);

    private final String name;
    private final Process process;
    private final Writer input;
    private final LineLog out;
    private final LineLog err;

    private Program(String name, Process process) {
        this.name = name;
        this.process = process;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
        this.out = new LineLog(name);
        this.err = new LineLog(name + " (stderr)");
        out.follow(process.getInputStream());
        err.follow(process.getErrorStream());
    }

    /**
     * Starts a program in the current folder.
     *
     * @param name what to call it in messages
     * @param environment variables to set; one with an empty value is removed
     */
    public static Program start(String name, List<String> command, Map<String, String> environment) {
        return start(name, command, environment, Path.of("."), false);
    }

    /** Starts a program whose two outputs are kept as one log. */
    public static Program startMerged(String name, List<String> command, Map<String, String> environment) {
        return start(name, command, environment, Path.of("."), true);
    }

    private static Program start(
            String name, List<String> command, Map<String, String> environment, Path folder, boolean merged) {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(merged);
        environment.forEach((key, value) -> {
            if (value.isEmpty()) {
                builder.environment().remove(key);
            } else {
                builder.environment().put(key, value);
            }
        });
        try {
            return new Program(name, builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(name + " cannot be started: " + String.join(" ", command), e);
        }
    }

    /** What messages call it: as it was given at the start, not the name of its executable. */
    public String name() {
        return name;
    }

    /** What it wrote to standard output (and to standard error, if merged). */
    public LineLog out() {
        return out;
    }

    /** What it wrote to standard error. */
    public LineLog err() {
        return err;
    }

    /** Its number in {@code /proc} and for signals; another process may have it once this one has been waited for. */
    public long pid() {
        return process.pid();
    }

    /** Whether it runs at this moment; to wait for its end, use {@link #awaitExit}. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Writes a line to its standard input. */
    public void send(String line) {
        try {
            input.write(line);
            input.write('\n');
            input.flush();
        } catch (IOException e) {
            throw new AssertionError(name + " takes no input any more; its last lines:\n  " + out.tail(), e);
        }
    }

    /** Sends SIGTERM. */
    public void terminate() {
        // not process.destroy(), which also closes the streams with the last lines in them
        process.toHandle().destroy();
    }

    /** Sends SIGKILL and waits until it is gone. */
    public void kill() {
        process.toHandle().destroyForcibly();
        awaitExit(END_LIMIT);
    }

    /** Waits until it has ended, and returns its exit status. */
    public int awaitExit(Duration limit) {
        try {
            if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new AssertionError(
                        name + " still runs after " + limit.toMillis() + " ms; its last lines:\n  " + out.tail());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + name, e);
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        if (process.isAlive()) {
            kill();
        }
    }
}
