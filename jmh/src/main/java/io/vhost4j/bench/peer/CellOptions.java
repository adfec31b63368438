// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that choose cells. */
final class CellOptions {
    static final int SMALLEST = 60;
    private static final int LARGEST = 65535;
    private static final int MOST_PAIRS = 16;
    static final int MOST_DEVICES = 64;
    private static final int FULL_LOAD = 100;
    private static final List<Boolean> BOTH = List.of(true, false);

    @Option(
            names = "--matrix",
            description = "All rings and kinds of traffic, with 64, 256 and 1518 bytes, with and without mergeable"
                    + " buffers and in-order use; further options choose some of them.")
    private boolean matrix;

    @Option(names = "--rings", split = ",", description = "Of ${COMPLETION-CANDIDATES}; default both.")
    private List<RingKind> rings = List.of(RingKind.values());

    @Option(
            names = "--traffic",
            split = ",",
            description = "Of ${COMPLETION-CANDIDATES}, as the guest sees it; default all.")
    private List<Traffic> traffic = List.of(Traffic.values());

    @Option(names = "--sizes", split = ",", paramLabel = "BYTES", description = "Lengths of packets; default 64.")
    private @Nullable List<Integer> sizes;

    @Option(
            names = "--mrg",
            arity = "1",
            split = ",",
            paramLabel = "WHETHER",
            description = "Mergeable receive buffers: true, false or both; default true.")
    private @Nullable List<Boolean> mergeable;

    @Option(
            names = "--in-order",
            arity = "1",
            split = ",",
            paramLabel = "WHETHER",
            description = "In-order use of buffers: true, false or both; default true.")
    private @Nullable List<Boolean> inOrder;

    @Option(
            names = "--vectorized",
            arity = "1",
            split = ",",
            paramLabel = "WHETHER",
            description = "The front-end's vector functions: true, false or both; default false.")
    private List<Boolean> vectorized = List.of(false);

    @Option(
            names = "--queues",
            split = ",",
            paramLabel = "PAIRS",
            description = "Queue pairs of each device; default 1.")
    private List<Integer> queuePairs = List.of(1);

    @Option(
            names = "--devices",
            split = ",",
            paramLabel = "N",
            description = "Devices that one back-end thread serves; more than one need --rate; default 1.")
    private List<Integer> devices = List.of(1);

    @Option(
            names = "--rate",
            paramLabel = "PPS",
            description = "macswap: packets per second in all, sent and timed by pktgen; default testpmd at full rate.")
    private long rate;

    @Option(
            names = "--loads",
            split = ",",
            paramLabel = "PERCENT",
            description = "macswap: rates as parts of what the last back-end can, sent and timed by pktgen.")
    private List<Integer> loads = List.of();

    private <T> List<T> choice(@Nullable List<T> given, List<T> ofMatrix, List<T> otherwise) {
        if (given != null) {
            return given;
        }
        return matrix ? ofMatrix : otherwise;
    }

    /** What is wrong with them, or null. */
    @Nullable
    String complaint() {
        if (sizes != null && !areWithin(sizes, SMALLEST, LARGEST)) {
            return "--sizes: 60 to 65535 bytes";
        }
        if (!areWithin(queuePairs, 1, MOST_PAIRS)) {
            return "--queues: 1 to 16";
        }
        if (!areWithin(devices, 1, MOST_DEVICES)
                || (rate == 0 && devices.stream().anyMatch(number -> number > 1))) {
            return "--devices: 1 to 64, and with --rate";
        }
        if (rate < 0 || (rate > 0 && !loads.isEmpty()) || !areWithin(loads, 1, FULL_LOAD)) {
            return "--rate is positive, --loads are 1 to 100; give one of them";
        }
        return cells().isEmpty()
                ? "no cell is possible: the vector functions need --mrg false, and --in-order true for packed rings,"
                        + " false for split ones; --rate and --loads need --traffic macswap, sizes over 2048 --mrg true"
                : null;
    }

    private static boolean areWithin(List<Integer> values, int least, int most) {
        return values.stream().allMatch(value -> value >= least && value <= most);
    }

    /** The cells that these options choose; those that the front-end cannot do are left out. */
    List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (RingKind ring : rings) {
            for (Traffic way : traffic) {
                for (int size : choice(sizes, List.of(64, 256, 1518), List.of(64))) {
                    addVariants(cells, ring, way, size);
                }
            }
        }
        return cells;
    }

    private void addVariants(List<Cell> cells, RingKind ring, Traffic way, int size) {
        for (boolean merging : choice(mergeable, BOTH, List.of(true))) {
            for (boolean ordered : choice(inOrder, BOTH, List.of(true))) {
                for (boolean vector : vectorized) {
                    for (Shape shape : shapes()) {
                        Cell cell = new Cell(ring, way, size, merging, ordered, vector, shape);
                        if (cell.possible()) {
                            cells.add(cell);
                        }
                    }
                }
            }
        }
    }

    private List<Shape> shapes() {
        List<Shape> shapes = new ArrayList<>();
        for (int pairs : queuePairs) {
            for (int number : devices) {
                if (loads.isEmpty()) {
                    shapes.add(new Shape(pairs, number, rate, 0));
                }
                loads.forEach(load -> shapes.add(new Shape(pairs, number, 0, load)));
            }
        }
        return shapes;
    }
}
