// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import io.vhost4j.core.linux.CpuAffinity;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.OwnedFd;
import java.util.BitSet;

/** The few things that the commands ask of Linux beyond the library's API. */
public final class Machine {
    private Machine() {}

    /** The CPUs that this process may run on. */
    public static BitSet usableCpus() {
        return CpuAffinity.ofCurrentThread();
    }

    /** Keeps the calling thread on one CPU. */
    public static void pinCurrentThread(int cpu) {
        CpuAffinity.pinCurrentThread(cpu);
    }

    /** File descriptors that the library owns now, in the whole process. */
    public static long openFds() {
        return OwnedFd.openCount();
    }

    /** Memory mappings that the library holds now, in the whole process. */
    public static long openMappings() {
        return Mapping.openCount();
    }
}
