// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.vhost4j.core.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs every input that is kept, and some that are made up. */
@ExtendWith(LeakCheck.class)
final class CorpusTest {
    private static final int MADE_UP = 2000;
    private static final int MAX_BYTES = 400;

    /** What targets make once and keep is not a leak. */
    @BeforeAll
    static void makeWhatIsShared() {
        for (Targets target : Targets.values()) {
            target.run(new byte[0]);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldSurviveTheCorpus(Targets target) throws IOException {
        assertFalse(target.corpus().isEmpty(), "no inputs in " + target.folder());
        for (Path file : target.corpus()) {
            run(target, Files.readAllBytes(file), file.getFileName().toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldSurviveAnything(Targets target) {
        for (int seed = 0; seed < MADE_UP; seed++) {
            Random random = new Random(seed);
            byte[] bytes = new byte[random.nextInt(MAX_BYTES)];
            random.nextBytes(bytes);
            run(target, bytes, "seed " + seed);
        }
    }

    private static void run(Targets target, byte[] bytes, String name) {
        try {
            target.run(bytes);
        } catch (Throwable t) {
            throw new AssertionError(target + " fails with " + name + ": " + t.getMessage(), t);
        }
    }
}
