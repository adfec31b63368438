// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
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

/** Getting packets from a pool and giving them back. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class PoolBenchmark {
    private static final int BURST = 32;

    /** Packets that a thread may keep for itself; without any, each call takes the lock. */
    @Param({"256", "0"})
    public int cache;

    private final Packet[] packets = new Packet[BURST];
    private BufferPool pool;

    /** A pool of the usual size. */
    @Setup(Level.Trial)
    public void start() {
        pool = new BufferPool(PacketPool.builder().count(4096).cacheSize(cache));
    }

    /** Closes it, which fails if a packet is missing. */
    @TearDown(Level.Trial)
    public void end() {
        pool.close();
    }

    /** A burst by the bulk calls. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public void bulk() {
        if (!pool.allocateBulk(packets, 0, BURST)) {
            throw new IllegalStateException("the pool is empty");
        }
        pool.freeBulk(packets, 0, BURST);
    }

    /** A burst one by one. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public void single() {
        for (int i = 0; i < BURST; i++) {
            packets[i] = pool.allocate();
        }
        for (int i = 0; i < BURST; i++) {
            packets[i].free();
        }
    }
}
