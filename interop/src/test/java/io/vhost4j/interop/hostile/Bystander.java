// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A well-behaved front-end on a socket of its own, and how long its traffic has paused. */
final class Bystander implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int WINDOW = 32;
    private static final long REST_NANOS = 200_000;

    private final EchoClient client;
    private final Thread thread;
    private final AtomicLong replies = new AtomicLong();
    private volatile boolean stopping;
    private volatile boolean resting;
    private volatile boolean rests;
    private volatile boolean reset;
    private volatile long longestNanos;
    private volatile long ownNanos;
    private volatile long since = System.nanoTime();
    private volatile @Nullable Throwable failure;

    Bystander(Path socket) {
        client = new EchoClient(socket, LIMIT, false);
        thread = Thread.ofPlatform().name("bystander").daemon().start(this::run);
    }

    private void run() {
        try {
            long last = System.nanoTime();
            long before = last;
            while (!stopping) {
                if (resting) {
                    rest();
                    last = System.nanoTime();
                    before = last;
                }
                int got = client.turn(WINDOW);
                long now = System.nanoTime();
                if (reset) {
                    longestNanos = 0;
                    ownNanos = 0;
                    last = now;
                    before = now;
                    reset = false;
                }
                ownNanos = Math.max(ownNanos, now - before);
                before = now;
                if (got > 0) {
                    replies.addAndGet(got);
                    longestNanos = Math.max(longestNanos, now - last);
                    last = now;
                    since = now;
                }
                LockSupport.parkNanos(REST_NANOS);
            }
        } catch (RuntimeException | Error e) {
            failure = e;
        }
    }

    private void rest() {
        client.drain(Duration.ofMillis(500));
        rests = true;
        while (resting && !stopping) {
            LockSupport.parkNanos(REST_NANOS);
        }
        rests = false;
    }

    /** Starts to measure anew. */
    void reset() {
        reset = true;
        long end = System.nanoTime() + LIMIT.toNanos();
        while (reset && thread.isAlive() && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(REST_NANOS);
        }
    }

    /** Stops sending and waits until nothing is in flight. */
    void pause() {
        resting = true;
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!rests && thread.isAlive() && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(REST_NANOS);
        }
    }

    void resume() {
        since = System.nanoTime();
        resting = false;
    }

    /** The longest time without a reply since {@link #reset}, the one that goes on included, in milliseconds. */
    long longestMillis() {
        return Math.max(longestNanos, System.nanoTime() - since) / 1_000_000;
    }

    /** The longest time that this thread itself was kept from looking, in milliseconds. */
    long ownMillis() {
        return ownNanos / 1_000_000;
    }

    long replies() {
        return replies.get();
    }

    /** Why it ended, or null. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    @Override
    public void close() {
        stopping = true;
        try {
            thread.join(LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        client.close();
    }
}
