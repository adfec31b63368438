// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

/** A back-end that listens on its seat's socket, from construction on. */
sealed interface BackEnd extends AutoCloseable permits TestpmdBackEnd, ForwardBackEnd {
    /** Starts one and waits until it listens. */
    static BackEnd start(BackEndKind kind, Lab lab, Seat seat, Cell cell) {
        return switch (kind) {
            case VHOST4J -> new ForwardBackEnd(lab, seat, cell, "");
            case VHOST4J_NO_PAUSE -> new ForwardBackEnd(lab, seat, cell, "", "--poll-pause", "0");
            case VHOST4J_NO_PREFETCH -> new ForwardBackEnd(lab, seat, cell, "-Dvhost4j.prefetch=false");
            case DPDK -> new TestpmdBackEnd(lab.testpmd(), lab, seat, cell);
            case DPDK_NATIVE -> new TestpmdBackEnd(requireNative(lab), lab, seat, cell);
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

    /** What it has worked up to this moment, if the lab asked for it. */
    Busy busy();

    /** Ends as its user would end it, and fails if it does not end well. */
    void stop();

    @Override
    void close();
}
