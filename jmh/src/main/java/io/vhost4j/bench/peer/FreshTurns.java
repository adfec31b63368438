// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.List;

/** Each run in processes of its own. */
final class FreshTurns implements Turns {
    private final Lab lab;
    private final List<Contender> contenders;
    private final Method method;

    FreshTurns(Lab lab, List<Contender> contenders, Method method) {
        this.lab = lab;
        this.contenders = contenders;
        this.method = method;
    }

    @Override
    public Run run(int contender) {
        try (Couple couple = Couple.start(contenders.get(contender), lab, lab.seat(0))) {
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
