// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.OptionalDouble;

/** A back-end that listens on the lab's socket, from construction on. */
sealed interface BackEnd extends AutoCloseable permits TestpmdBackEnd, ForwardBackEnd {
    /** Starts one and waits until it listens. */
    static BackEnd start(BackEndKind kind, Lab lab, Cell cell) {
        return switch (kind) {
            case VHOST4J -> new ForwardBackEnd(lab, cell);
            case DPDK -> new TestpmdBackEnd(lab.testpmd(), lab, cell);
            case DPDK_NATIVE -> new TestpmdBackEnd(requireNative(lab), lab, cell);
        };
    }

    private static String requireNative(Lab lab) {
        String program = lab.nativeTestpmd();
        if (program == null) {
            throw new BenchFailure(
                    "back-end dpdk-native: give its program by --native PATH; docs/perf/README.md says how to get it");
        }
        return program;
    }

    /** The processes behind it. */
    Child child();

    /** What it is, for the record. */
    String version();

    /** Begins to move packets; the front-end is connected. */
    void go();

    /** Stops; returns nanoseconds of work for each packet, if the lab asked for it. */
    OptionalDouble stop();

    @Override
    void close();
}
