// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.time.Duration;
import java.util.List;

/**
 * The command loop of a test guest (guest/init), reached over its console. One thread at a time.
 *
 * <p>Every command gets a number; the guest frames its output with that number, so what the guest's kernel or a background
 * program writes in between does no harm.
 */
final class GuestShell {
    /** A guest boots within 2 to 8 s; a loaded machine may take longer. */
    private static final Duration BOOT_LIMIT = Duration.ofMinutes(1);

    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(30);

    private final Program console;
    private int lastCommand;
    private int bootMark;

    GuestShell(Program console) {
        this.console = console;
    }

    /** What a command printed and its exit status. */
    record Answer(int status, List<String> lines) {
        /** The lines as one text. */
        String text() {
            return String.join("\n", lines);
        }
    }

    /** Waits until the guest takes commands after its start, or after another start if it was called before. */
    void awaitBoot() {
        int ready = console.out().await(bootMark, line -> line.startsWith("@ready"), "the guest's shell", BOOT_LIMIT);
        List<String> errors = console.out().since(bootMark).stream()
                .filter(line -> line.startsWith("@error"))
                .toList();
        if (!errors.isEmpty()) {
            throw new AssertionError(console.name() + ": the guest came up with errors: " + errors);
        }
        bootMark = ready + 1;
    }

    /** How often the guest has come up. */
    long boots() {
        return console.out().since(0).stream()
                .filter(line -> line.startsWith("@ready"))
                .count();
    }

    /** Runs a shell command and waits for its end. */
    Answer tryRun(String command, Duration limit) {
        int mark = console.out().mark();
        return awaitEnd(mark, start(command), limit);
    }

    /** Waits for the end of a command that was started after a mark was taken. */
    Answer awaitEnd(int mark, int number, Duration limit) {
        String begin = "@" + number + " begin";
        String end = "@" + number + " end ";
        int first = console.out().await(mark, line -> line.endsWith(begin), "the start of command " + number, limit);
        int last = console.out().await(first, line -> line.contains(end), "the end of command " + number, limit);
        List<String> lines = console.out().since(first + 1).subList(0, last - first - 1);
        String line = console.out().line(last);
        return new Answer(
                Integer.parseInt(
                        line.substring(line.indexOf(end) + end.length()).trim()),
                lines);
    }

    /** Runs a shell command that must succeed, and returns what it printed. */
    String run(String command, Duration limit) {
        Answer answer = tryRun(command, limit);
        if (answer.status() != 0) {
            throw new AssertionError(
                    console.name() + ": '" + command + "' ended with status " + answer.status() + ": " + answer.text());
        }
        return answer.text();
    }

    /** Runs a shell command that must succeed soon, and returns what it printed. */
    String run(String command) {
        return run(command, COMMAND_LIMIT);
    }

    /** Sends a command without waiting for anything, and returns its number. */
    int start(String command) {
        lastCommand++;
        console.send(lastCommand + " " + command);
        return lastCommand;
    }

    /** The place in the console's log from which to look for later lines. */
    int mark() {
        return console.out().mark();
    }

    /** The console's log. */
    LineLog log() {
        return console.out();
    }
}
