// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.testkit;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Counts the bytes that the current thread allocates on the heap. The counter is the JVM's management bean, reached by
 * method handle because the module under test does not read {@code jdk.management}.
 */
public final class AllocationMeter {
    private static final MethodHandle ALLOCATED_BYTES = find();

    private AllocationMeter() {}

    private static MethodHandle find() {
        try {
            Class<?> factory = Class.forName("java.lang.management.ManagementFactory");
            Object bean = factory.getMethod("getThreadMXBean").invoke(null);
            Class<?> type = Class.forName("com.sun.management.ThreadMXBean");
            return MethodHandles.publicLookup()
                    .findVirtual(type, "getCurrentThreadAllocatedBytes", MethodType.methodType(long.class))
                    .bindTo(bean);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("this JVM does not count allocations", e);
        }
    }

    /**
     * Runs something and counts.
     *
     * @param work what to run, on this thread
     * @return how many bytes it allocated
     */
    public static long bytesAllocatedBy(Runnable work) {
        long before = allocatedBytes();
        work.run();
        return allocatedBytes() - before;
    }

    /**
     * Runs something again and again until it allocates nothing or 50 runs are over: what the interpreter and the first
     * compiler allocate is not counted, what the final code allocates is in every run.
     *
     * @param work what to run, on this thread; long enough, some thousand rounds, to be compiled
     * @return the fewest bytes that one run allocated
     */
    public static long steadyBytesAllocatedBy(Runnable work) {
        long fewest = Long.MAX_VALUE;
        for (int run = 0; run < 50 && fewest > 0; run++) {
            fewest = Math.min(fewest, bytesAllocatedBy(work));
        }
        return fewest;
    }

    private static long allocatedBytes() {
        try {
            return (long) ALLOCATED_BYTES.invokeExact();
        } catch (Throwable t) {
            throw new LinkageError("this JVM does not count allocations", t);
        }
    }
}
