// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/** On which processors the calling platform thread runs ({@code sched_setaffinity(2)}). */
public final class CpuAffinity {
    /** The most processors that are looked at; Linux is built for at most 8192. */
    private static final int MAX_CPUS = 8192;

    private static final int MASK_BYTES = MAX_CPUS / Byte.SIZE;

    private CpuAffinity() {}

    /**
     * Lets the calling thread run on one processor only, for good.
     *
     * @param cpu the processor's number, from 0
     * @throws NativeException {@link Errno#EINVAL} if there is no such processor or this process may not use it
     */
    public static void pinCurrentThread(int cpu) {
        if (cpu < 0 || cpu >= MAX_CPUS) {
            throw new IllegalArgumentException("cpu=" + cpu + ": must be 0 to " + (MAX_CPUS - 1));
        }
        BitSet cpus = new BitSet();
        cpus.set(cpu);
        setCurrentThread(cpus);
    }

    /**
     * Lets the calling thread run on some processors only.
     *
     * @param cpus their numbers, at least one
     * @throws NativeException {@link Errno#EINVAL} if this process may use none of them
     */
    public static void setCurrentThread(BitSet cpus) {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("a virtual thread cannot be bound to a processor: use a platform thread");
        }
        if (cpus.isEmpty() || cpus.length() > MAX_CPUS) {
            throw new IllegalArgumentException("cpus=" + cpus + ": give at least one, all below " + MAX_CPUS);
        }
        CallScratch scratch = CallScratch.current();
        MemorySegment mask = scratch.buffer().asSlice(0, MASK_BYTES).fill((byte) 0);
        byte[] bits = cpus.toByteArray();
        for (int i = 0; i < bits.length; i++) {
            mask.set(ValueLayout.JAVA_BYTE, i, bits[i]);
        }
        long result = Kernel.invoke(SystemCall.SCHED_SETAFFINITY, 0, MASK_BYTES, scratch.address());
        if (result < 0) {
            throw new NativeException(SystemCall.SCHED_SETAFFINITY, result, "cpus=" + cpus);
        }
    }

    /**
     * Where the calling thread may run.
     *
     * @return the processors' numbers
     */
    public static BitSet ofCurrentThread() {
        CallScratch scratch = CallScratch.current();
        long result = Kernel.invoke(SystemCall.SCHED_GETAFFINITY, 0, MASK_BYTES, scratch.address());
        if (result < 0) {
            throw new NativeException(SystemCall.SCHED_GETAFFINITY, result, "");
        }
        byte[] bits = new byte[(int) result];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = scratch.buffer().get(ValueLayout.JAVA_BYTE, i);
        }
        return BitSet.valueOf(bits);
    }

    /**
     * Where the calling thread runs at this moment.
     *
     * @return the processor's number
     */
    public static int currentCpu() {
        CallScratch scratch = CallScratch.current();
        long result = Kernel.invoke(SystemCall.GETCPU, scratch.address(), 0, 0);
        if (result < 0) {
            throw new NativeException(SystemCall.GETCPU, result, "");
        }
        return scratch.buffer().get(ValueLayout.JAVA_INT, 0);
    }
}
