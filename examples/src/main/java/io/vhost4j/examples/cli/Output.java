// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Where a command writes: results to standard output, complaints to standard error. Any thread may write; lines do not mix. */
public final class Output {
    private static final String CLEAR_BELOW = "\u001b[J";

    private static final Path STANDARD_OUTPUT = Path.of("/proc/self/fd/1");

    private final PrintStream out;
    private final PrintStream err;
    private final boolean terminal;
    private int liveLines;

    /** Writes to given streams; with {@code terminal}, live tables are redrawn in place. */
    public Output(PrintStream out, PrintStream err, boolean terminal) {
        this.out = out;
        this.err = err;
        this.terminal = terminal;
    }

    /** The process's own standard streams. */
    public static Output ofProcess() {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        boolean dumb = "dumb".equals(System.getenv("TERM")) || System.getenv("TERM") == null;
        return new Output(out, err, !dumb && isTerminal(STANDARD_OUTPUT));
    }

    /** Whether standard output is a terminal that can redraw. */
    public boolean isTerminal() {
        return terminal;
    }

    /** Writes one line that stays. */
    public synchronized void line(String text) {
        eraseLive();
        out.println(text);
        out.flush();
    }

    /** Writes lines that stay. */
    public synchronized void lines(List<String> texts) {
        eraseLive();
        texts.forEach(out::println);
        out.flush();
    }

    /** Writes one line of JSON. */
    public void json(Json object) {
        line(object.toString());
    }

    /** Shows lines that the next call of any method here replaces. Only for terminals. */
    public synchronized void live(List<String> texts) {
        eraseLive();
        texts.forEach(out::println);
        liveLines = texts.size();
        out.flush();
    }

    /** Writes one line of complaint. */
    public synchronized void complain(String text) {
        eraseLive();
        out.flush();
        err.println(text);
    }

    /** Writes where a failure came from. */
    public synchronized void trace(Throwable failure) {
        eraseLive();
        out.flush();
        failure.printStackTrace(err);
    }

    /** Told by the file's name, as asking the kernel needs native access, whose lack is to be complained of here. */
    private static boolean isTerminal(Path descriptor) {
        try {
            String file = Files.readSymbolicLink(descriptor).toString();
            return file.startsWith("/dev/pts/") || file.startsWith("/dev/tty") || file.equals("/dev/console");
        } catch (IOException e) {
            return false; // no /proc: lines do as well
        }
    }

    private void eraseLive() {
        if (liveLines > 0) {
            out.print(String.format(Locale.ROOT, "\u001b[%dA\r", liveLines) + CLEAR_BELOW);
            liveLines = 0;
        }
    }
}
