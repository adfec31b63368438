// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples;

import io.vhost4j.examples.cli.Output;
import io.vhost4j.examples.cli.Session;
import io.vhost4j.examples.cli.StopSignal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A run of the launcher in this process, in the background. */
final class Run {
    private static final long TIMEOUT_SECONDS = 40;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final StopSignal stop = new StopSignal();
    private final CompletableFuture<Integer> code = new CompletableFuture<>();

    private Run(boolean terminal, String... args) {
        Output output = new Output(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                terminal);
        Thread thread = new Thread(
                () -> {
                    try {
                        code.complete(Main.run(new Session(output, stop), args));
                    } catch (RuntimeException | Error e) {
                        code.completeExceptionally(e);
                    }
                },
                "run-" + String.join(" ", args));
        thread.setDaemon(true);
        thread.start();
    }

    static Run start(String... args) {
        return new Run(false, args);
    }

    static Run startOnTerminal(String... args) {
        return new Run(true, args);
    }

    /** Asks for the end as Ctrl-C does. */
    Run interrupt() {
        stop.request();
        return this;
    }

    /** The exit code. */
    int await() throws Exception {
        try {
            return code.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("still running; it wrote:\n" + out() + err(), e);
        }
    }

    boolean isDone() {
        return code.isDone();
    }

    /** Waits until a line of the output has the text. */
    Run awaitOutput(String text) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        while (!out().contains(text)) {
            if (System.nanoTime() > deadline || (isDone() && !out().contains(text))) {
                throw new AssertionError("no '" + text + "' in:\n" + out() + err());
            }
            Thread.onSpinWait();
        }
        return this;
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    List<String> lines() {
        return out().lines().toList();
    }

    /** The number that a member of the last line's JSON has first. */
    long number(String member) {
        String last = lines().get(lines().size() - 1);
        String key = "\"" + member + "\":";
        int at = last.indexOf(key);
        if (at < 0) {
            throw new AssertionError("no " + member + " in " + last);
        }
        Matcher digits = Pattern.compile("-?\\d+").matcher(last);
        if (!digits.find(at + key.length())) {
            throw new AssertionError(member + " has no number in " + last);
        }
        return Long.parseLong(digits.group());
    }
}
