// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.memory.HostWindow;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs that guest memory may vanish at any time: loads that are masked, and the look for an error at a burst's end. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class MissingMemoryBenchmark {
    private static final int COUNT = 64;
    private static final int STRIDE = 16;

    @SuppressWarnings("restricted")
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Arena arena;
    private long address;

    /** Descriptors to look at. */
    @Setup(Level.Trial)
    public void start() {
        arena = Arena.ofConfined();
        address = arena.allocate((long) COUNT * STRIDE, STRIDE).address();
    }

    /** Frees them. */
    @TearDown(Level.Trial)
    public void end() {
        arena.close();
    }

    /** As the rings read: flags and length of each descriptor. */
    @Benchmark
    @OperationsPerInvocation(COUNT)
    public long masked() {
        long sum = 0;
        for (int i = 0; i < COUNT; i++) {
            long at = address + (long) i * STRIDE;
            sum += HostWindow.getShort(at + 12) + HostWindow.getUnsignedInt(at + 8);
        }
        return sum;
    }

    /** Plain loads, after which the process would die with the memory: only to show what the masks cost. */
    @Benchmark
    @OperationsPerInvocation(COUNT)
    public long plain() {
        long sum = 0;
        for (int i = 0; i < COUNT; i++) {
            long at = address + (long) i * STRIDE;
            sum += Short.toUnsignedInt(ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 12))
                    + Integer.toUnsignedLong(ALL.get(ValueLayout.JAVA_INT_UNALIGNED, at + 8));
        }
        return sum;
    }

    /** Once for each burst. */
    @Benchmark
    public void settle() {
        HostWindow.settle();
    }
}
