// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy;

import io.vhost4j.ConfigurationException;
import io.vhost4j.core.linux.CpuAffinity;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A thread that makes the copies of its channels, in turns. Without work it spins for a short time and then sleeps until a channel wakes it.
 */
final class CopyThread {
    private static final int IDLE_SPINS = 2_000;
    private static final int IDLE_YIELDS = 20;

    private final int cpu;
    private final Thread thread;
    private final CountDownLatch pinned = new CountDownLatch(1);
    private volatile ThreadChannel[] channels = {};
    private volatile boolean stopping;
    private volatile boolean sleeping;
    private volatile @Nullable RuntimeException pinFailure;

    CopyThread(int number, int cpu) {
        this.cpu = cpu;
        thread = Thread.ofPlatform().name("vhost4j-copy-" + number).daemon().unstarted(this::run);
    }

    /** Starts, and returns when it is on its CPU. */
    void start() {
        thread.start();
        boolean interrupted = false;
        while (true) {
            try {
                pinned.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // it is a matter of microseconds
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        RuntimeException failure = pinFailure;
        if (failure != null) {
            throw new ConfigurationException("copy thread on CPU " + cpu + ": " + failure.getMessage(), failure);
        }
    }

    int channels() {
        return channels.length;
    }

    synchronized ThreadChannel open() {
        ThreadChannel made = new ThreadChannel(this);
        ThreadChannel[] next = Arrays.copyOf(channels, channels.length + 1);
        next[channels.length] = made;
        channels = next;
        return made;
    }

    /** Forgets a channel without copies. */
    synchronized void close(ThreadChannel gone) {
        channels = Arrays.stream(channels).filter(channel -> channel != gone).toArray(ThreadChannel[]::new);
    }

    /** A channel has copies, which the thread can see already. */
    void wake() {
        if (sleeping) {
            LockSupport.unpark(thread);
        }
    }

    /** Whether the thread still serves its channels. */
    boolean isAlive() {
        return thread.isAlive();
    }

    /** Ends the thread when its channels are empty, and waits for it. */
    void stop() {
        stopping = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // it may be in memory that is about to go
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            if (cpu >= 0) {
                CpuAffinity.pinCurrentThread(cpu);
            }
        } catch (RuntimeException e) {
            pinFailure = e;
            return;
        } finally {
            pinned.countDown();
        }
        int idle = 0;
        while (true) {
            if (work()) {
                idle = 0;
            } else if (stopping) {
                return;
            } else {
                idle = rest(idle);
            }
        }
    }

    private boolean work() {
        boolean worked = false;
        for (ThreadChannel channel : channels) {
            worked |= channel.work();
        }
        return worked;
    }

    private int rest(int idle) {
        if (idle < IDLE_SPINS) {
            Thread.onSpinWait();
            return idle + 1;
        }
        if (idle < IDLE_SPINS + IDLE_YIELDS) {
            Thread.yield();
            return idle + 1;
        }
        sleeping = true;
        // a channel either sees that the thread sleeps, or the thread sees the channel's copies
        VarHandle.fullFence();
        if (!work() && !stopping) {
            LockSupport.park(this);
        }
        sleeping = false;
        return 0;
    }
}
