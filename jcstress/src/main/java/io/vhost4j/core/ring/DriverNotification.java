// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A driver that asks to be notified and then looks is notified, or sees the chain: it never sleeps over one. */
public final class DriverNotification {
    private DriverNotification() {}

    /** A split ring. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "notified")
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "seen")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(expect = Expect.FORBIDDEN, desc = "neither")
    @State
    public static class Split extends StressedRing {
        /** Made for each run. */
        public Split() {
            super(false, false, 1);
        }

        /** The device. */
        @Actor
        public void device(II_Result result) {
            serve(1);
            result.r1 = ring.needsNotification() ? 1 : 0;
        }

        /** The driver. */
        @Actor
        public void driver(II_Result result) {
            result.r2 = wantNextAndLook();
        }
    }

    /** A packed ring. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "notified")
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "seen")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(expect = Expect.FORBIDDEN, desc = "neither")
    @State
    public static class Packed extends StressedRing {
        /** Made for each run. */
        public Packed() {
            super(true, false, 1);
        }

        /** The device. */
        @Actor
        public void device(II_Result result) {
            serve(1);
            result.r1 = ring.needsNotification() ? 1 : 0;
        }

        /** The driver. */
        @Actor
        public void driver(II_Result result) {
            result.r2 = wantNextAndLook();
        }
    }

    /** A split ring with event indices. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "notified")
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "seen")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(expect = Expect.FORBIDDEN, desc = "neither")
    @State
    public static class SplitEvent extends StressedRing {
        /** Made for each run. */
        public SplitEvent() {
            super(false, true, 1);
        }

        /** The device. */
        @Actor
        public void device(II_Result result) {
            serve(1);
            result.r1 = ring.needsNotification() ? 1 : 0;
        }

        /** The driver. */
        @Actor
        public void driver(II_Result result) {
            result.r2 = wantNextAndLook();
        }
    }

    /** A packed ring with event indices. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "notified")
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "seen")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(expect = Expect.FORBIDDEN, desc = "neither")
    @State
    public static class PackedEvent extends StressedRing {
        /** Made for each run. */
        public PackedEvent() {
            super(true, true, 1);
        }

        /** The device. */
        @Actor
        public void device(II_Result result) {
            serve(1);
            result.r1 = ring.needsNotification() ? 1 : 0;
        }

        /** The driver. */
        @Actor
        public void driver(II_Result result) {
            result.r2 = wantNextAndLook();
        }
    }
}
