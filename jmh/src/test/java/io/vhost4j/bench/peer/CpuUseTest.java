// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CpuUseTest {
    private static final long SECOND = 1_000_000_000;
    private static final CpuUse.Task WORKER = new CpuUse.Task(7, 70);
    private static final CpuUse.Task HELPER = new CpuUse.Task(7, 71);
    private static final CpuUse.Task OTHER = new CpuUse.Task(8, 80);

    private static final CpuUse BEFORE =
            new CpuUse(SECOND, Map.of(WORKER, 100L, HELPER, 900 * SECOND, OTHER, 0L), Map.of(0, 5L, 1, 6L));
    private static final CpuUse AFTER = new CpuUse(
            3 * SECOND,
            Map.of(WORKER, 100 + SECOND, HELPER, 900 * SECOND + 3, OTHER, 2 * SECOND),
            Map.of(0, 5L, 1, 10L));

    @Test
    void shouldFindTheThreadThatRanMostSinceThen() {
        assertEquals(new CpuUse.Worker(WORKER, 0.5), AFTER.worker(BEFORE, List.of(7L)));
    }

    @Test
    void shouldCountAThreadThatStartedSinceThen() {
        CpuUse empty = new CpuUse(SECOND, Map.of(), Map.of());

        assertEquals(OTHER, AFTER.worker(empty, List.of(8L)).task());
    }

    @Test
    void shouldRejectAProcessWithoutThreads() {
        assertThrows(BenchFailure.class, () -> AFTER.worker(BEFORE, List.of(9L)));
    }

    @Test
    void shouldTurnTicksIntoAPartOfTheTime() {
        assertEquals(0, AFTER.stolen(BEFORE, 0));
        assertEquals(0.02, AFTER.stolen(BEFORE, 1), 1e-9);
    }

    @Test
    void shouldReadTheEighthNumberOfEachProcessor() {
        List<String> lines = List.of(
                "cpu  9 9 9 9 9 9 9 99 9 9", "cpu0 1 2 3 4 5 6 7 81 9 10", "cpu11 1 2 3 4 5 6 7 82 9 10", "intr 5 6");

        assertEquals(Map.of(0, 81L, 11, 82L), CpuUse.steal(lines));
    }

    @Test
    void shouldSeeItsOwnWork() {
        List<Long> self = List.of(ProcessHandle.current().pid());
        CpuUse before = CpuUse.now(self);
        long until = System.nanoTime() + SECOND / 20;
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
        CpuUse after = CpuUse.now(self);

        assertTrue(after.worker(before, self).share() > 0, "no thread of ours ran");
    }
}
