// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.net.NetSteps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Keeping the event thread out of a ring while a burst is in: what the library does, and what else would. Times are for one burst, with
 * nobody else about. In all of them a changed ring is seen by the next burst.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class GateBenchmark {
    private static final VarHandle EPOCH = handle("epoch", long.class);
    private static final VarHandle CLOSING = handle("closing", boolean.class);

    private final NetSteps steps = new NetSteps();
    private final Object monitor = new Object();
    private final ReentrantLock lock = new ReentrantLock();

    /** Odd while a burst is in. */
    @SuppressWarnings("unused") // through the handle
    private long epoch;

    @SuppressWarnings("unused") // through the handle
    private boolean closing;

    /** What a burst works on. */
    private int work;

    private static VarHandle handle(String field, Class<?> type) {
        try {
            return MethodHandles.lookup().findVarHandle(GateBenchmark.class, field, type);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Nothing: only to show what the others cost. */
    @Benchmark
    public int none() {
        return ++work;
    }

    /** The library's gate: a compare-and-set in, a release store out. */
    @Benchmark
    public int gate() {
        if (!steps.tryEnter()) {
            return 0;
        }
        int result = ++work;
        steps.leave();
        return result;
    }

    /** A monitor, which would make bursts wait for each other. */
    @Benchmark
    public int monitor() {
        synchronized (monitor) {
            return ++work;
        }
    }

    /** A lock of {@code java.util.concurrent}. */
    @Benchmark
    public int reentrantLock() {
        if (!lock.tryLock()) {
            return 0;
        }
        try {
            return ++work;
        } finally {
            lock.unlock();
        }
    }

    /** An epoch: the store that tells of the burst must be visible before the look whether it may stay, which takes a full fence. */
    @Benchmark
    public int epoch() {
        long now = (long) EPOCH.get(this) + 1;
        EPOCH.setOpaque(this, now);
        VarHandle.fullFence();
        int result = 0;
        if (!(boolean) CLOSING.getOpaque(this)) {
            result = ++work;
        }
        EPOCH.setRelease(this, now + 1);
        return result;
    }

    /** An epoch whose fence the other side makes ({@code membarrier(2)}); as it is here, without that, it would not be safe. */
    @Benchmark
    public int epochWithoutFence() {
        long now = (long) EPOCH.get(this) + 1;
        EPOCH.setOpaque(this, now);
        int result = 0;
        if (!(boolean) CLOSING.getAcquire(this)) {
            result = ++work;
        }
        EPOCH.setRelease(this, now + 1);
        return result;
    }
}
