// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import io.vhost4j.examples.cli.Machine;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How far two processors are from each other: the time that a cache line takes there and back. A hypervisor may move virtual processors
 * between real ones with and without a common cache, which changes it severalfold, and with it every rate of two workers that share rings.
 */
final class CacheLine {
    private static final int CHUNKS = 21;
    private static final int EXCHANGES = 1000;
    private static final long END = -1;

    private final AtomicLong line = new AtomicLong();

    private CacheLine() {}

    /** Nanoseconds there and back between two processors that nobody else uses; takes a few milliseconds. */
    static double roundTripNanos(int cpu, int otherCpu) {
        return new CacheLine().measure(cpu, otherCpu);
    }

    private double measure(int cpu, int otherCpu) {
        double[] nanos = new double[CHUNKS];
        Thread partner = new Thread(() -> answer(otherCpu), "peer-bench-partner");
        Thread caller = new Thread(() -> ask(cpu, nanos), "peer-bench-caller");
        partner.setDaemon(true);
        caller.setDaemon(true);
        partner.start();
        caller.start();
        try {
            caller.join();
            partner.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            line.set(END);
            throw new BenchFailure("interrupted", e);
        }
        Arrays.sort(nanos);
        if (nanos[0] == 0) {
            throw new BenchFailure("CPUs " + cpu + " and " + otherCpu + ": no thread of ours can be kept on them");
        }
        return nanos[CHUNKS / 2];
    }

    /** Writes odd numbers and waits for the even one that follows each. */
    private void ask(int cpu, double[] nanos) {
        try {
            Machine.pinCurrentThread(cpu);
            long number = 0;
            for (int chunk = 0; chunk < CHUNKS; chunk++) {
                long before = System.nanoTime();
                for (int i = 0; i < EXCHANGES; i++) {
                    if (!line.compareAndSet(number, number + 1)) {
                        return; // the partner has ended
                    }
                    number += 2;
                    for (long seen = line.get(); seen != number; seen = line.get()) {
                        if (seen == END) {
                            return;
                        }
                    }
                }
                nanos[chunk] = (double) (System.nanoTime() - before) / EXCHANGES;
            }
        } finally {
            line.set(END);
        }
    }

    private void answer(int cpu) {
        try {
            Machine.pinCurrentThread(cpu);
            long number = 1;
            for (long seen = line.get(); seen != END; seen = line.get()) {
                if (seen == number) {
                    line.compareAndSet(number, number + 1); // unless the end has come
                    number += 2;
                }
            }
        } finally {
            line.set(END);
        }
    }
}
