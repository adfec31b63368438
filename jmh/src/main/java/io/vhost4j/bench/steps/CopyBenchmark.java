// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.memory.HostWindow;
import java.lang.foreign.MemorySegment;
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

/** Copying packets between two areas of as many buffers as a burst has. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class CopyBenchmark {
    private static final int COUNT = 32;
    private static final int STRIDE = 2048;

    /** Length of a packet. */
    @Param({"20", "60", "64", "128", "256", "512", "1024", "1518"})
    public int bytes;

    private Mapping from;
    private Mapping to;

    /** Maps both areas. */
    @Setup(Level.Trial)
    public void start() {
        from = Mapping.anonymous((long) COUNT * STRIDE, Mapping.PROT_READ | Mapping.PROT_WRITE, 0);
        to = Mapping.anonymous((long) COUNT * STRIDE, Mapping.PROT_READ | Mapping.PROT_WRITE, 0);
    }

    /** Unmaps them. */
    @TearDown(Level.Trial)
    public void end() {
        from.close();
        to.close();
    }

    /** What the net room does. */
    @Benchmark
    @OperationsPerInvocation(COUNT)
    public void window() {
        long source = from.address();
        long target = to.address();
        for (int i = 0; i < COUNT; i++) {
            HostWindow.copy(source + (long) i * STRIDE, target + (long) i * STRIDE, bytes);
        }
    }

    /** Between segments that know their bounds. */
    @Benchmark
    @OperationsPerInvocation(COUNT)
    public void segments() {
        MemorySegment source = from.segment();
        MemorySegment target = to.segment();
        for (int i = 0; i < COUNT; i++) {
            MemorySegment.copy(source, (long) i * STRIDE, target, (long) i * STRIDE, bytes);
        }
    }

    /** By words of 8 bytes, and the rest by single bytes. */
    @Benchmark
    @OperationsPerInvocation(COUNT)
    public void words() {
        for (int i = 0; i < COUNT; i++) {
            copyWords(from.address() + (long) i * STRIDE, to.address() + (long) i * STRIDE, bytes);
        }
    }

    private static void copyWords(long source, long target, int length) {
        int done = 0;
        for (; done + Long.BYTES <= length; done += Long.BYTES) {
            HostWindow.setLong(target + done, HostWindow.getLong(source + done));
        }
        for (; done < length; done++) {
            HostWindow.setByte(target + done, HostWindow.getByte(source + done));
        }
    }
}
