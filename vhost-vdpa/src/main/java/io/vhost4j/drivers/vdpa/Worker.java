// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread of a device: runs until it is stopped, and tells if it fails before. */
public final class Worker {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    private final Thread thread;
    private final Runnable wakeUp;
    private volatile boolean stopping;

    /** What the thread does. */
    @FunctionalInterface
    public interface Task {
        /** Runs until {@link Worker#stopping}. */
        void run(Worker worker);
    }

    private Worker(String name, Task task, Runnable wakeUp, Consumer<String> onFailure) {
        this.wakeUp = wakeUp;
        thread = new Thread(() -> work(name, task, onFailure), name);
        thread.setDaemon(true);
    }

    /**
     * Starts a thread.
     *
     * @param wakeUp lets the task see that it is to stop; any thread
     * @param onFailure is told why the task ended by an exception; on the thread
     */
    public static Worker start(String name, Task task, Runnable wakeUp, Consumer<String> onFailure) {
        Worker worker = new Worker(name, task, wakeUp, onFailure);
        worker.thread.start();
        return worker;
    }

    private void work(String name, Task task, Consumer<String> onFailure) {
        try {
            task.run(this);
        } catch (RuntimeException | InternalError e) {
            LOG.debug("{} ended", name, e);
            if (!stopping) {
                onFailure.accept(name + ": " + e.getMessage());
            }
        }
    }

    /** Whether the task is to end. */
    public boolean stopping() {
        return stopping;
    }

    /** Ends the task, and waits until it has. Not on its own thread. */
    public void stop() {
        stopping = true;
        wakeUp.run();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
