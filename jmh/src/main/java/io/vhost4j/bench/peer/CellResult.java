// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What the back-ends did in one cell.
 *
 * @param kinds the back-ends; the first one is compared with each of the others
 * @param rounds undisturbed runs, one for each back-end in that order; those of a round followed each other
 * @param disturbed runs that were thrown away
 */
record CellResult(Cell cell, List<BackEndKind> kinds, List<List<Run>> rounds, int disturbed) {
    /** Packets per second of one back-end over all rounds. */
    Numbers pps(int kind) {
        return Numbers.of(rounds.stream().map(round -> round.get(kind).pps()).toList());
    }

    /** Busy nanoseconds per packet of one back-end. */
    OptionalDouble busyNanos(int kind) {
        List<Double> values = new ArrayList<>();
        rounds.forEach(round -> round.get(kind).busyNanos().ifPresent(values::add));
        return values.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(Numbers.of(values).median());
    }

    /** The first back-end's packets per second divided by those of another one in the same round. */
    Numbers ratio(int kind) {
        return Numbers.of(rounds.stream()
                .map(round -> round.get(0).pps() / round.get(kind).pps())
                .toList());
    }
}
