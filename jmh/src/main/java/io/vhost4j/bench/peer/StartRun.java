// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.List;
import java.util.OptionalInt;

/**
 * How the rate of a back-end came up after its start.
 *
 * @param rates packets per second in each step since the front-end began to move packets
 * @param stepMillis length of a step
 */
record StartRun(BackEndKind kind, List<Double> rates, int stepMillis) {
    private static final double ALMOST = 0.9;
    /** Steps that must follow each other, so that one of luck does not count. */
    private static final int IN_A_ROW = 3;

    /** The median of the last quarter. */
    double finalRate() {
        return Numbers.of(rates.subList(rates.size() - Math.max(1, rates.size() / 4), rates.size()))
                .median();
    }

    /** Milliseconds to the end of the first of three steps with 90 % of the final rate each; empty if there are none. */
    OptionalInt millisToAlmost() {
        double wanted = ALMOST * finalRate();
        int row = 0;
        for (int i = 0; i < rates.size(); i++) {
            row = rates.get(i) >= wanted ? row + 1 : 0;
            if (row == IN_A_ROW) {
                return OptionalInt.of((i + 2 - IN_A_ROW) * stepMillis);
            }
        }
        return OptionalInt.empty();
    }
}
