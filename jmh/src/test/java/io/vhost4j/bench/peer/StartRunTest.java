// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class StartRunTest {
    @Test
    void shouldTellWhenTheRateWasAlmostReachedForGood() {
        StartRun run = run(1.0, 9.5, 3.0, 9.0, 9.2, 10.0, 10.0, 10.0);

        assertEquals(10, run.finalRate());
        assertEquals(OptionalInt.of(400), run.millisToAlmost());
    }

    @Test
    void shouldTellThatItWasThereFromTheBeginning() {
        assertEquals(OptionalInt.of(100), run(10.0, 10.0, 10.0, 10.0).millisToAlmost());
    }

    @Test
    void shouldNotTakeOneStepForArrival() {
        assertEquals(
                OptionalInt.empty(),
                run(1.0, 1.0, 10.0, 1.0, 1.0, 1.0, 10.0, 10.0).millisToAlmost());
    }

    private static StartRun run(Double... rates) {
        return new StartRun(BackEndKind.DPDK, List.of(rates), 100);
    }
}
