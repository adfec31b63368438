// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ScaleTableTest {
    private static final Limits LIMITS = new Limits(1, 97, 3, Place.ANY, 200, 0);
    private static final int NEAR = 90;
    private static final int FAR = 400;

    @Test
    void shouldCompareWithTheSameBackEndsFirstRunOfTheRound() {
        List<String> text = new ScaleTable(
                        List.of(
                                round(NEAR, 10, 20, 100, 300),
                                round(NEAR, 30, 60, 100, 100),
                                round(FAR, 40, 40, 50, 100)),
                        LIMITS)
                .text(
                        List.of(
                                contender(BackEndKind.VHOST4J, 1),
                                contender(BackEndKind.VHOST4J, 64),
                                contender(BackEndKind.DPDK, 1),
                                contender(BackEndKind.DPDK, 64)),
                        2);

        // the medians alone would give 40 : 30
        assertTrue(text.get(3).matches("vhost4j +64 +40[.]0 +2[.]00 +1[.]00-2[.]00 +2[.]00 +1[.]00"), text.toString());
        assertTrue(text.get(4).matches("dpdk +1 +100[.]0 +1[.]00 .*"), text.toString());
        assertTrue(text.get(5).matches("dpdk +64 +100[.]0 +2[.]00 +1[.]00-3[.]00 +2[.]00 +2[.]00"), text.toString());
    }

    @Test
    void shouldNotTakeSilenceForNoWork() {
        BenchFailure failure =
                assertThrows(BenchFailure.class, () -> ScaleTable.busy(run(OptionalDouble.empty(), NEAR)));

        assertEquals("dpdk does not tell how long it worked", failure.getMessage());
    }

    private static Contender contender(BackEndKind kind, int devices) {
        Shape shape = new Shape(1, devices, 1_000_000, 0);
        return new Contender(kind, new Cell(RingKind.PACKED, Traffic.MACSWAP, 64, true, true, false, shape));
    }

    private static List<Run> round(double lineNanos, double... busy) {
        return Arrays.stream(busy)
                .mapToObj(nanos -> run(OptionalDouble.of(nanos), lineNanos))
                .toList();
    }

    private static Run run(OptionalDouble busy, double lineNanos) {
        return new Run(
                BackEndKind.DPDK,
                1,
                List.of(1.0),
                Optional.empty(),
                lineNanos,
                0,
                1,
                1,
                busy,
                List.of("1", "2"),
                List.of("back", "front"),
                null);
    }
}
