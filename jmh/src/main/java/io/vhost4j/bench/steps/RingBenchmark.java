// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.ring.Ring;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Looking at chains, and giving them back. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class RingBenchmark {
    private static final int BURST = 32;
    private static final int BYTES = 76;

    /** Layout of the ring. */
    @Param
    public RingLayout layout;

    /** {@code DescFlags.WRITE} for a ring that the guest receives by, 0 for one that it sends by. */
    @Param({"0", "2"})
    public int direction;

    private Guest guest;
    private Ring ring;

    /** A burst of chains that stay available. */
    @Setup(Level.Trial)
    public void start() {
        guest = new Guest(layout, direction, Guest.BUFFER, 1);
        ring = Ring.create(guest.setup(), guest.memory(), null, direction);
        guest.provide(BURST);
        require(ring.gather(BURST));
        for (int chain = 0; chain < BURST; chain++) {
            ring.batch().writtenBytes[chain] = direction == DescFlags.WRITE ? BYTES : 0;
        }
    }

    /** Unmaps the guest. */
    @TearDown(Level.Trial)
    public void end() {
        guest.close();
    }

    private static int require(int chains) {
        if (chains != BURST) {
            throw new IllegalStateException(chains + " chains gathered, not " + BURST);
        }
        return chains;
    }

    /** The guest's side alone, which {@code round} includes. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public void provide() {
        guest.provide(BURST);
    }

    /** Descriptors to checked host addresses. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int gather() {
        return ring.gather(BURST);
    }

    /** Used entries or descriptors, and the index. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public void publish() {
        ring.publish(BURST);
    }

    /** All of it, and the question whether to notify. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public boolean round() {
        int chains = require(ring.gather(BURST));
        ring.publish(chains);
        boolean notify = ring.needsNotification();
        guest.provide(BURST);
        return notify;
    }
}
