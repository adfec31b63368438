// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.fuzz;

import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.OwnedFd;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/**
 * What every input must keep to: no descriptor and no mapping is left over, and it takes less than a second of this thread's time.
 * Descriptors that nobody owns yet are found by counting those of the process, which takes long and is done now and then.
 */
public final class Bounds implements AutoCloseable {
    private static final long MAX_NANOS = 1_000_000_000L;
    private static final int COUNT_EVERY = 128;
    private static final int MAX_DRIFT = 100;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final File OPEN_FILES = new File("/proc/self/fd");

    private static int inputs;
    private static int fewestFiles = Integer.MAX_VALUE;

    private final long fds = OwnedFd.openCount();
    private final long mappings = Mapping.openCount();
    private final long started = THREADS.getCurrentThreadCpuTime();

    /** At the start of an input. */
    public Bounds() {}

    /** Checks the time used so far. */
    public void checkTime() {
        long nanos = THREADS.getCurrentThreadCpuTime() - started;
        check(nanos < MAX_NANOS, "the input takes " + nanos + " ns");
    }

    @Override
    public void close() {
        checkTime();
        check(OwnedFd.openCount() == fds, "owned descriptors: " + fds + " before, " + OwnedFd.openCount() + " after");
        check(Mapping.openCount() == mappings, "mappings: " + mappings + " before, " + Mapping.openCount() + " after");
        if (inputs++ % COUNT_EVERY == 0) {
            String[] open = OPEN_FILES.list();
            int count = open == null ? 0 : open.length;
            fewestFiles = Math.min(fewestFiles, count);
            check(count < fewestFiles + MAX_DRIFT, "open files: " + fewestFiles + " before, " + count + " after");
        }
    }

    /** Fails if {@code condition} does not hold. */
    public static void check(boolean condition, String message) {
        if (!condition) {
            throw new AssertionError(message);
        }
    }
}
