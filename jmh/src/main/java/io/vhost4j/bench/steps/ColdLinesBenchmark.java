// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.Prefetch;
import io.vhost4j.core.memory.HostWindow;
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

/**
 * Cache lines here and there in areas that fit into a cache, or do not, as many at a time as a burst has: what a line costs that is not waited for alone. It is
 * the least that guests' memory costs where one thread serves so many of them that it is not in the caches.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class ColdLinesBenchmark {
    private static final int COUNT = 128;
    private static final int LINE = 64;

    /** Size of the area, a power of two. */
    @Param({"16", "512", "8192", "262144"})
    public int kib;

    private final long[] addresses = new long[COUNT];
    private long random = 1;
    private Mapping area;

    /** Maps the area and has all of it there. */
    @Setup(Level.Trial)
    public void start() {
        area = Mapping.anonymous((long) kib << 10, Mapping.PROT_READ | Mapping.PROT_WRITE, 0);
        HostWindow.fill(area.address(), area.length(), 1);
    }

    /** Unmaps it. */
    @TearDown(Level.Trial)
    public void end() {
        area.close();
    }

    /** Marsaglia's xorshift, with a period that is longer than any run. */
    private void choose() {
        long mask = ((long) kib << 10) - LINE;
        long next = random;
        for (int i = 0; i < COUNT; i++) {
            next ^= next << 13;
            next ^= next >>> 7;
            next ^= next << 17;
            addresses[i] = area.address() + (next & mask);
        }
        random = next;
    }

    private long sum() {
        long sum = 0;
        for (int i = 0; i < COUNT; i++) {
            sum += HostWindow.getByte(addresses[i]);
        }
        return sum;
    }

    /** Read one after the other: the processor looks ahead as far as it can. */
    @Benchmark
    @OperationsPerInvocation(COUNT)
    public long read() {
        choose();
        return sum();
    }

    /** All asked for before. */
    @Benchmark
    @OperationsPerInvocation(COUNT)
    public long askedFor() {
        choose();
        Prefetch.forWriting(addresses, COUNT, 0);
        return sum();
    }
}
