// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.PollPacer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PollPacerTest {
    private static final Duration LONGEST = Duration.ofMillis(1);

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7})
    void shouldWaitAfterARoundThatFoundLittle(int moved) {
        PollPacer pacer = new PollPacer(LONGEST);
        long start = System.nanoTime();
        pacer.round(moved, 32);
        long passed = System.nanoTime() - start;
        assertTrue(passed >= LONGEST.toNanos(), passed + " ns");
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 32, 64})
    void shouldNotWaitAfterARoundThatFoundEnough(int moved) {
        PollPacer pacer = new PollPacer(LONGEST);
        int rounds = 10_000;
        long start = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            pacer.round(moved, 32);
        }
        long passed = System.nanoTime() - start;
        assertTrue(passed < rounds * LONGEST.toNanos(), passed + " ns");
    }

    @Test
    void shouldRefusePausesThatAreNone() {
        assertThrows(IllegalArgumentException.class, () -> new PollPacer(Duration.ofNanos(-1)));
        assertThrows(IllegalArgumentException.class, () -> new PollPacer(LONGEST.plusNanos(1)));
    }
}
