// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.List;

/** Each run in processes of its own. */
final class FreshTurns implements Turns {
    private final Lab lab;
    private final Cell cell;
    private final List<BackEndKind> kinds;
    private final Method method;

    FreshTurns(Lab lab, Cell cell, List<BackEndKind> kinds, Method method) {
        this.lab = lab;
        this.cell = cell;
        this.kinds = kinds;
        this.method = method;
    }

    @Override
    public Run run(int kind) {
        try (Couple couple = Couple.start(kinds.get(kind), lab, lab.seat(0), cell)) {
            Couple.sleep(method.timing().warmUp());
            Couple.sleep(method.timing().settle());
            Run run = couple.measure(method.timing(), method.limits());
            couple.end();
            return run;
        } finally {
            lab.memory().removeFiles();
        }
    }

    /** Nothing is left between two runs. */
    @Override
    public void end() {}

    /** Nothing is left between two runs. */
    @Override
    public void close() {}
}
