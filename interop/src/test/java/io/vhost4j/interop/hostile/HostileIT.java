// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A hostile front-end against {@code forward}: whatever it does, the process lives, the traffic of a bystander on another socket goes on,
 * the next front-end is served, nothing leaks, and the log says what happened.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileIT {
    /** After so much time the log takes lines again, whatever it had to leave out. */
    private static final long LOG_PAUSE_NANOS = 2_000_000_000;

    private HostileRunner runner;
    private long longest;
    private long quiet;
    private int cases;

    @BeforeAll
    void start(@TempDir Path folder) {
        runner = new HostileRunner(() -> ForwardTarget.start(folder));
        quiet = runner.quietMillis(Duration.ofSeconds(3));
    }

    static List<HostileCase> cases() {
        return Catalogue.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void shouldSurvive(HostileCase hostile) {
        Outcome outcome = runner.run(hostile);
        if (outcome.isUntold()) {
            LockSupport.parkNanos(LOG_PAUSE_NANOS);
            outcome = runner.run(hostile);
        }
        Outcome last = outcome;
        cases++;
        longest = Math.max(longest, last.gapMillis());
        assertEquals(List.of(), last.problems(hostile), () -> hostile.lesson() + "; the log: " + last.log());
    }

    @Test
    void shouldHaveManyCasesWithNamesOfTheirOwn() {
        List<String> names = cases().stream().map(HostileCase::name).toList();
        assertEquals(names.size(), names.stream().distinct().count(), "names");
        assertTrue(names.size() >= 100, "cases: " + names.size());
    }

    @AfterAll
    void end() {
        System.out.println(cases + " hostile cases; longest pause of the bystander " + longest + " ms, without attacks "
                + quiet + " ms; back-ends started: " + runner.starts());
        runner.finish();
    }
}
