// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import io.vhost4j.core.linux.Epoll;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.session.EventLoop;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event thread: all sockets and sessions of the process live on it. It exists while a driver is started. Descriptors and
 * timers are added and removed on the thread itself; other threads hand over tasks.
 */
final class VhostEvents implements EventLoop {
    private static final Logger LOG = LoggerFactory.getLogger(VhostEvents.class);
    private static final int MAX_EVENTS = 256;

    private static final Object LOCK = new Object();
    private static @Nullable VhostEvents current;
    private static int users;

    private final Epoll epoll = Epoll.create(MAX_EVENTS);
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Map<Long, EventHandler> handlers = new HashMap<>();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>((a, b) -> Long.signum(a.dueNanos - b.dueNanos));
    private final Thread thread;
    private long lastToken;
    private volatile boolean stopping;

    /** A task to run later. */
    static final class Timer {
        private final long dueNanos;
        private final Runnable task;
        private boolean cancelled;

        private Timer(long dueNanos, Runnable task) {
            this.dueNanos = dueNanos;
            this.task = task;
        }

        private long delayNanos() {
            return dueNanos - System.nanoTime();
        }

        /** Makes the task not run. Event thread only. */
        void cancel() {
            cancelled = true;
        }
    }

    private VhostEvents() {
        thread = new Thread(this::run, "vhost-events");
        thread.setDaemon(true);
    }

    /** The event thread, started if there is none; give it back by {@link #release}. */
    static VhostEvents acquire() {
        synchronized (LOCK) {
            VhostEvents events = current;
            if (events == null) {
                events = new VhostEvents();
                events.thread.start();
                current = events;
            }
            users++;
            return events;
        }
    }

    /** Ends the thread with its last user, after the tasks that it was handed before. */
    void release() {
        synchronized (LOCK) {
            users--;
            if (users == 0) {
                current = null;
                execute(this::stop);
            }
        }
    }

    /** Waits for the thread to end, if it is about to. Does nothing on the thread itself. */
    void awaitEnd() {
        boolean ending;
        synchronized (LOCK) {
            ending = current != this;
        }
        if (ending && !isCurrentThread()) {
            uninterruptibly(thread::join);
        }
    }

    /** Something that waits. */
    @FunctionalInterface
    interface Waiting {
        /** Waits. */
        void await() throws InterruptedException;
    }

    /** Waits even if the thread is interrupted, and interrupts it again afterwards. */
    static void uninterruptibly(Waiting waiting) {
        boolean interrupted = false;
        boolean done = false;
        while (!done) {
            try {
                waiting.await();
                done = true;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void stop() {
        stopping = true;
    }

    /** Whether the caller is the event thread. */
    @SuppressWarnings("ReferenceEquality") // identity is what is asked
    boolean isCurrentThread() {
        return Thread.currentThread() == thread;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        if (!isCurrentThread()) {
            wakeUp();
        }
    }

    private synchronized void wakeUp() {
        if (!stopping) {
            epoll.wakeup();
        }
    }

    /** Reports events of {@code fd} to {@code handler} until {@link #remove}; returns the token to name it by. */
    long add(int fd, int events, EventHandler handler) {
        long token = ++lastToken;
        epoll.add(fd, events, token);
        handlers.put(token, handler);
        return token;
    }

    /** Changes which events are reported. */
    void modify(int fd, int events, long token) {
        epoll.modify(fd, events, token);
    }

    /** Ends reporting, before the descriptor is closed. */
    void remove(int fd, long token) {
        if (handlers.remove(token) != null) {
            try {
                epoll.remove(fd);
            } catch (NativeException e) {
                // its close, which follows, removes it too
                LOG.warn("while a descriptor was to be watched no more: {}", e.getMessage());
            }
        }
    }

    @Override
    public Watch watch(int fd, Runnable readable) {
        long token = add(fd, Epoll.IN, happened -> readable.run());
        return () -> remove(fd, token);
    }

    /** Runs {@code task} once, after some time. */
    Timer schedule(long delayMillis, Runnable task) {
        Timer timer = new Timer(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(delayMillis), task);
        timers.add(timer);
        return timer;
    }

    private void run() {
        while (!stopping) {
            int count = epoll.await(timeoutMillis());
            for (int i = 0; i < count; i++) {
                EventHandler handler = handlers.get(epoll.token(i));
                if (handler != null) {
                    int events = epoll.events(i);
                    guarded(() -> handler.ready(events));
                }
            }
            runTasks();
            runTimers();
        }
        synchronized (this) {
            epoll.close();
        }
    }

    private int timeoutMillis() {
        if (!tasks.isEmpty()) {
            return 0;
        }
        Timer first = timers.peek();
        if (first == null) {
            return -1;
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(first.delayNanos()) + 1;
        return (int) Math.clamp(millis, 0L, 60_000L);
    }

    /** Runs the tasks that are there; those that they add wait for the next round, so that sockets get their turn. */
    private void runTasks() {
        int count = tasks.size();
        for (int i = 0; i < count; i++) {
            Runnable task = tasks.poll();
            if (task != null) {
                guarded(task);
            }
        }
    }

    private void runTimers() {
        Timer first = timers.peek();
        while (first != null && (first.cancelled || first.delayNanos() <= 0)) {
            timers.remove();
            if (!first.cancelled) {
                guarded(first.task);
            }
            first = timers.peek();
        }
    }

    /** Nothing that goes wrong with one socket may end the thread that serves all. */
    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOG.error("unexpected failure on the event thread: {}", e.getMessage(), e);
        }
    }
}
