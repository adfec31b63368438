// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** What the driver sees given back is whole: index or flags come after everything else. */
public final class UsedPublication {
    private UsedPublication() {}

    /** A split ring. */
    @JCStressTest
    @Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "not yet")
    @Outcome(id = "2", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a chain without its data, or a batch in part")
    @State
    public static class Split extends StressedRing {
        /** Made for each run. */
        public Split() {
            super(false, false, 2);
        }

        /** The device. */
        @Actor
        public void device() {
            serve(2);
        }

        /** The driver. */
        @Actor
        public void driver(I_Result result) {
            result.r1 = collect();
        }
    }

    /** A packed ring. */
    @JCStressTest
    @Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "not yet")
    @Outcome(id = "2", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a chain without its data, or a batch in part")
    @State
    public static class Packed extends StressedRing {
        /** Made for each run. */
        public Packed() {
            super(true, false, 2);
        }

        /** The device. */
        @Actor
        public void device() {
            serve(2);
        }

        /** The driver. */
        @Actor
        public void driver(I_Result result) {
            result.r1 = collect();
        }
    }
}
