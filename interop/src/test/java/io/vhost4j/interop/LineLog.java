// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The lines that a program has written so far, in order, with a wait for one that is still to come. Any thread may call any
 * method.
 */
public final class LineLog {
    /** Lines shown when a wait fails. */
    private static final int TAIL = 25;

    private final String name;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition grown = lock.newCondition();
    private final List<String> lines = new ArrayList<>();
    private boolean ended;

    LineLog(String name) {
        this.name = name;
    }

    /** Starts the thread that fills this log from a stream until the stream ends. */
    void follow(InputStream stream) {
        Thread.ofPlatform().daemon().name("log " + name).start(() -> read(stream));
    }

    private void read(InputStream stream) {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                add(clean(line));
            }
        } catch (IOException e) {
            add("(reading ended: " + e.getMessage() + ")");
        } finally {
            end();
        }
    }

    private void add(String line) {
        lock.lock();
        try {
            lines.add(line);
            grown.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            ended = true;
            grown.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** A program that thinks it writes to a terminal sends control characters and colours. */
    private static String clean(String line) {
        return line.replaceAll("\u001b\\[[0-9;?]*[A-Za-z]", "").replaceAll("[\\p{Cntrl}&&[^\t]]", "");
    }

    /** How many lines there are: the place from which to wait for what a following command will write. */
    public int mark() {
        lock.lock();
        try {
            return lines.size();
        } finally {
            lock.unlock();
        }
    }

    /** The lines from a mark on. */
    public List<String> since(int mark) {
        lock.lock();
        try {
            return List.copyOf(lines.subList(mark, lines.size()));
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the stream has ended, and returns everything. */
    List<String> toEnd(Duration limit) {
        await(0, line -> false, "its end", limit, true);
        return since(0);
    }

    /**
     * Waits for a line.
     *
     * @param mark the line to start at, see {@link #mark}
     * @param what the wanted line in words, for the failure
     * @return its number
     * @throws AssertionError when time is up or the stream has ended without it
     */
    public int await(int mark, Predicate<String> wanted, String what, Duration limit) {
        return await(mark, wanted, what, limit, false);
    }

    private int await(int mark, Predicate<String> wanted, String what, Duration limit, boolean endIsFine) {
        long left = limit.toNanos();
        int next = mark;
        lock.lock();
        try {
            while (true) {
                for (; next < lines.size(); next++) {
                    if (wanted.test(lines.get(next))) {
                        return next;
                    }
                }
                if (ended && endIsFine) {
                    return next;
                }
                if (ended || left <= 0) {
                    throw new AssertionError(failure(what, ended ? "output ended" : limit.toMillis() + " ms passed"));
                }
                left = grown.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(failure(what, "interrupted"), e);
        } finally {
            lock.unlock();
        }
    }

    /** The line with a number that {@link #await} has returned. */
    public String line(int number) {
        lock.lock();
        try {
            return lines.get(number);
        } finally {
            lock.unlock();
        }
    }

    /** The last line that satisfies the predicate, or null. */
    @Nullable
    public String last(Predicate<String> wanted) {
        lock.lock();
        try {
            for (int i = lines.size() - 1; i >= 0; i--) {
                if (wanted.test(lines.get(i))) {
                    return lines.get(i);
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private String failure(String what, String why) {
        List<String> tail = lines.subList(Math.max(0, lines.size() - TAIL), lines.size());
        return name + ": waited for " + what + ", but " + why + "; its last lines:\n  " + String.join("\n  ", tail);
    }

    /** The last lines, for a message. */
    public String tail() {
        lock.lock();
        try {
            return String.join("\n  ", lines.subList(Math.max(0, lines.size() - TAIL), lines.size()));
        } finally {
            lock.unlock();
        }
    }
}
