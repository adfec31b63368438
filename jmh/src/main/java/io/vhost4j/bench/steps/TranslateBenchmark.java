// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.memory.Iotlb;
import io.vhost4j.core.memory.Translator;
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

/** Guest addresses to host addresses, and what the check of the range costs. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class TranslateBenchmark {
    private static final int COUNT = 64;
    private static final int BYTES = 1518;
    private static final int STRIDE = 2048;

    /** Regions in the guest's memory table; addresses alternate between the first two. */
    @Param({"1", "2", "8"})
    public int regions;

    private Guest guest;
    private Translator translator;
    private long delta;
    private final long[] addresses = new long[COUNT];

    /** Addresses all over the regions. */
    @Setup(Level.Trial)
    public void start() {
        guest = new Guest(RingLayout.SPLIT, 0, STRIDE, regions);
        translator = new Translator(guest.memory(), null, Iotlb.READ);
        delta = guest.hostOffset();
        for (int i = 0; i < COUNT; i++) {
            addresses[i] = guest.gpa(i % Math.min(2, regions), (long) i * STRIDE);
        }
    }

    /** Unmaps the guest. */
    @TearDown(Level.Trial)
    public void end() {
        guest.close();
    }

    /** What the rings do. */
    @Benchmark
    @OperationsPerInvocation(COUNT)
    public long checked() {
        long sum = 0;
        for (long address : addresses) {
            sum += translator.toHost(address, BYTES);
        }
        return sum;
    }

    /** Without memory of the region that served last. */
    @Benchmark
    @OperationsPerInvocation(COUNT)
    public long lookedUp() {
        long sum = 0;
        for (long address : addresses) {
            sum += guest.memory().toHost(address, BYTES);
        }
        return sum;
    }

    /** A bare addition, which trusts the guest: only to show what the check costs. */
    @Benchmark
    @OperationsPerInvocation(COUNT)
    public long unchecked() {
        long sum = 0;
        for (long address : addresses) {
            sum += address + delta;
        }
        return sum;
    }
}
