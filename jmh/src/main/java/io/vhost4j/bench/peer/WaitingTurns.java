// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * All contenders are there with a front-end each; those that are not measured are stopped, both sides, for all of them poll. A run takes
 * little longer than what is measured.
 */
final class WaitingTurns implements Turns {
    /** Longer than {@code vhost4j forward} holds packets for a guest that takes none. */
    private static final Duration REHEARSAL = Duration.ofMillis(250);

    private final Lab lab;
    private final Method method;
    private final List<Couple> couples = new ArrayList<>();

    private WaitingTurns(Lab lab, Method method) {
        this.lab = lab;
        this.method = method;
    }

    /** Starts all couples, one after the other, warms each up and stops it. */
    static WaitingTurns begin(Lab lab, List<Contender> contenders, Method method) {
        WaitingTurns turns = new WaitingTurns(lab, method);
        try {
            for (Contender contender : contenders) {
                Couple couple = Couple.start(contender, lab, lab.seat(turns.couples.size()));
                turns.couples.add(couple);
                turns.warmUp(couple);
            }
            return turns;
        } catch (BenchFailure e) {
            turns.close();
            throw e;
        }
    }

    /** Two thirds, a stop, and one third: what happens after a stop must not happen for the first time in a run. */
    private void warmUp(Couple couple) {
        Duration third = method.timing().warmUp().dividedBy(3);
        Couple.sleep(third.multipliedBy(2));
        couple.suspend();
        Couple.sleep(REHEARSAL);
        couple.resume();
        Couple.sleep(third);
        couple.suspend();
    }

    @Override
    public Run run(int contender) {
        Couple couple = couples.get(contender);
        couple.resume();
        Couple.sleep(method.timing().settle());
        Run run = couple.measure(method.timing(), method.limits());
        couple.suspend();
        return run;
    }

    @Override
    public void end() {
        for (Couple couple : couples) {
            couple.resume();
            couple.end();
        }
    }

    @Override
    public void close() {
        try {
            couples.forEach(Couple::close);
        } finally {
            couples.clear();
            lab.memory().removeFiles();
        }
    }
}
