// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.Ring;
import io.vhost4j.core.ring.RingSetup;
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

/**
 * What the checks of a split ring cost: the same loop over a burst's descriptors, with one check after the other. Each method has the checks
 * of the one before it and one more; {@code library} is the real thing. Only to show the costs: without any of these a guest ends the process or reads
 * what is not its own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class CheckBenchmark {
    private static final int BURST = 32;
    private static final int ODD = DescFlags.NEXT | DescFlags.INDIRECT | DescFlags.WRITE;

    @SuppressWarnings("restricted")
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private final long[] addresses = new long[BURST];
    private final long[] lengths = new long[BURST];
    private final int[] heads = new int[BURST];
    private Guest guest;
    private Ring ring;
    private long desc;
    private long avail;
    private int size;
    private long start;
    private long bytes;
    private long delta;

    /** A burst of chains that stay available. */
    @Setup(Level.Trial)
    public void start() {
        guest = new Guest(RingLayout.SPLIT, 0, Guest.BUFFER, 1);
        RingSetup setup = guest.setup();
        ring = Ring.create(setup, guest.memory(), null, 0);
        desc = setup.desc();
        avail = setup.driver();
        size = setup.size();
        start = guest.gpa(0, 0);
        bytes = guest.memory().regions().getFirst().size();
        delta = guest.hostOffset();
        guest.provide(BURST);
    }

    /** Unmaps the guest. */
    @TearDown(Level.Trial)
    public void end() {
        guest.close();
    }

    /** No check, loads that a missing page would end the process by. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int a0none() {
        int ready = ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, avail + SplitLayout.RING_IDX) & 0xFFFF;
        int count = Math.min(ready, BURST);
        for (int i = 0; i < count; i++) {
            int head = ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, entry(i)) & 0xFFFF;
            long at = desc + ((long) head << SplitLayout.DESC_SHIFT);
            heads[i] = head;
            lengths[i] = ALL.get(ValueLayout.JAVA_INT_UNALIGNED, at + SplitLayout.DESC_LEN) & 0xFFFF_FFFFL;
            addresses[i] = ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, at + SplitLayout.DESC_ADDR) + delta;
        }
        return count;
    }

    /** And loads that are masked, for missing memory. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int a1masks() {
        int count = Math.min(HostWindow.getShortAcquire(avail + SplitLayout.RING_IDX), BURST);
        for (int i = 0; i < count; i++) {
            int head = HostWindow.getShort(entry(i));
            long at = desc + ((long) head << SplitLayout.DESC_SHIFT);
            heads[i] = head;
            lengths[i] = HostWindow.getUnsignedInt(at + SplitLayout.DESC_LEN);
            addresses[i] = HostWindow.getLong(at + SplitLayout.DESC_ADDR) + delta;
        }
        return count;
    }

    /** And faults of the ring: an index too far ahead, a head outside the table. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int a2faults() {
        int ready = HostWindow.getShortAcquire(avail + SplitLayout.RING_IDX);
        if (ready > size) {
            return 0;
        }
        int count = Math.min(ready, BURST);
        for (int i = 0; i < count; i++) {
            int head = HostWindow.getShort(entry(i));
            if (head >= size) {
                return i;
            }
            long at = desc + ((long) head << SplitLayout.DESC_SHIFT);
            heads[i] = head;
            lengths[i] = HostWindow.getUnsignedInt(at + SplitLayout.DESC_LEN);
            addresses[i] = HostWindow.getLong(at + SplitLayout.DESC_ADDR) + delta;
        }
        return count;
    }

    /** And the direction of each buffer, and whether it is all of its chain. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int a3flags() {
        int ready = HostWindow.getShortAcquire(avail + SplitLayout.RING_IDX);
        if (ready > size) {
            return 0;
        }
        int count = Math.min(ready, BURST);
        for (int i = 0; i < count; i++) {
            int head = HostWindow.getShort(entry(i));
            if (head >= size) {
                return i;
            }
            long at = desc + ((long) head << SplitLayout.DESC_SHIFT);
            if ((HostWindow.getShort(at + SplitLayout.DESC_FLAGS) & ODD) != 0) {
                return i;
            }
            heads[i] = head;
            lengths[i] = HostWindow.getUnsignedInt(at + SplitLayout.DESC_LEN);
            addresses[i] = HostWindow.getLong(at + SplitLayout.DESC_ADDR) + delta;
        }
        return count;
    }

    /** And that the whole of each buffer is guest memory. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int a4bounds() {
        int ready = HostWindow.getShortAcquire(avail + SplitLayout.RING_IDX);
        if (ready > size) {
            return 0;
        }
        int count = Math.min(ready, BURST);
        for (int i = 0; i < count; i++) {
            int head = HostWindow.getShort(entry(i));
            if (head >= size) {
                return i;
            }
            long at = desc + ((long) head << SplitLayout.DESC_SHIFT);
            if ((HostWindow.getShort(at + SplitLayout.DESC_FLAGS) & ODD) != 0) {
                return i;
            }
            long length = HostWindow.getUnsignedInt(at + SplitLayout.DESC_LEN);
            long gpa = HostWindow.getLong(at + SplitLayout.DESC_ADDR);
            long offset = gpa - start;
            if (offset < 0 || offset > bytes - length || length == 0) {
                return i;
            }
            heads[i] = head;
            lengths[i] = length;
            addresses[i] = gpa + delta;
        }
        return count;
    }

    /** The library, which also fills the batch's other fields and can take every kind of chain. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int library() {
        return ring.gather(BURST);
    }

    private long entry(int i) {
        return avail + SplitLayout.RING_ENTRIES + ((long) (i & size - 1) << SplitLayout.AVAIL_SHIFT);
    }
}
