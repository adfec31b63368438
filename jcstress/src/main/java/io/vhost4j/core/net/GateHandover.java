// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Whoever is in the gate is alone, and sees all that was done in it before. */
@JCStressTest
@Outcome(id = "2, 2", expect = Expect.ACCEPTABLE, desc = "one burst found the gate closed or taken")
@Outcome(id = "3, 3", expect = Expect.ACCEPTABLE, desc = "all were inside, one after the other")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "only the event thread")
@Outcome(expect = Expect.FORBIDDEN, desc = "two were inside, or a change was lost")
@State
public class GateHandover {
    private final QueueGate gate = new QueueGate();
    private int plain;
    private int firstEntered;
    private int secondEntered;

    private int burst() {
        if (!gate.tryEnter()) {
            return 0;
        }
        plain++;
        gate.leave();
        return 1;
    }

    /** A burst. */
    @Actor
    public void first() {
        firstEntered = burst();
    }

    /** Another one. */
    @Actor
    public void second() {
        secondEntered = burst();
    }

    /** The event thread. */
    @Actor
    public void events() {
        gate.close();
        plain++;
        gate.open();
    }

    /** When all are done. */
    @Arbiter
    public void count(II_Result result) {
        result.r1 = plain;
        result.r2 = firstEntered + secondEntered + 1;
    }
}
