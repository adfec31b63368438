// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that choose cells. */
final class CellOptions {
    private static final int SMALLEST = 60;
    private static final int LARGEST = 2048;
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

    private <T> List<T> choice(@Nullable List<T> given, List<T> ofMatrix, List<T> otherwise) {
        if (given != null) {
            return given;
        }
        return matrix ? ofMatrix : otherwise;
    }

    /** Whether lengths are such that both sides take them. */
    boolean areSizesPossible() {
        return sizes == null || sizes.stream().allMatch(size -> size >= SMALLEST && size <= LARGEST);
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
                    Cell cell = new Cell(ring, way, size, merging, ordered, vector);
                    if (cell.possible()) {
                        cells.add(cell);
                    }
                }
            }
        }
    }
}
