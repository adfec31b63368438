// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.PrintStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs the back-ends of each cell in turn. */
final class Comparison {
    private final List<BackEndKind> kinds;
    private final RoundMaker rounds;
    private final RoundMaker once;
    private final Map<Cell, Long> capacities = new HashMap<>();

    Comparison(Lab lab, Method method, List<BackEndKind> kinds, PrintStream progress) {
        this.kinds = kinds;
        rounds = new RoundMaker(lab, method, progress);
        once = new RoundMaker(lab, method.with(1), progress);
    }

    /** Measures one cell. */
    CellResult measure(Cell cell) {
        Cell paced = cell.shape().load() == 0
                ? cell
                : cell.at(capacity(cell) * cell.shape().load() / 100);
        Rounds made = rounds.make(Contender.all(kinds, paced));
        return new CellResult(cell, kinds, made.kept(), made.disturbed());
    }

    /** What the last back-end does at most with the front-end that keeps to a rate, in packets per second; found out once. */
    private long capacity(Cell cell) {
        return capacities.computeIfAbsent(cell.at(Shape.FULL), full -> {
            List<Contender> reference = Contender.all(kinds.subList(kinds.size() - 1, kinds.size()), full);
            return Math.round(once.make(reference).kept().get(0).get(0).pps());
        });
    }
}
