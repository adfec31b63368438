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
@Outcome(id = "2, 2", expect = Expect.ACCEPTABLE, desc = "both were inside, one after the other")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "the burst found the gate closed or taken")
@Outcome(expect = Expect.FORBIDDEN, desc = "two were inside, or a change was lost")
@State
public class GateHandover {
    private final QueueGate gate = new QueueGate();
    private int plain;
    private int entered;

    /** A burst. */
    @Actor
    public void burst() {
        if (gate.tryEnter()) {
            plain++;
            gate.leave();
            entered = 1;
        }
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
        result.r2 = entered + 1;
    }
}
