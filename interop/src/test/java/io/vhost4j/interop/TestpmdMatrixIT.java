// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** testpmd's virtio-user front-end against the launcher: every packet that one end counts, the other counts too. */
@RequiresPeer(Peer.TESTPMD)
class TestpmdMatrixIT {
    /** The page to write. */
    private static final String OUTPUT = "vhost4j.matrix.output";
    /** Where results are noted one by one, so that a run that was stopped goes on with what is left. */
    private static final String NOTES = "vhost4j.matrix.notes";
    /** A regular expression for the combinations to run. */
    private static final String ONLY = "vhost4j.matrix.only";
    /** Seconds after which to leave the rest to the next run. */
    private static final String SECONDS = "vhost4j.matrix.seconds";

    @TempDir
    Path folder;

    static List<MatrixCase> everyPair() {
        return MatrixCase.everyPair();
    }

    @ParameterizedTest
    @MethodSource("everyPair")
    @Timeout(120)
    void shouldCountTheSameAtBothEnds(MatrixCase combination) {
        MatrixCase.Result result = combination.run(folder);
        System.out.println(Peers.version(Peer.TESTPMD) + ", " + combination + ": " + result);
    }

    @Test
    void shouldCoverEveryPairOfValuesWithFewCombinations() {
        List<MatrixCase> few = MatrixCase.everyPair();
        assertTrue(few.size() >= 16 && few.size() <= 26, "combinations: " + few.size());
    }

    /** Takes about half an hour; interop/matrix.sh runs it and keeps its table. */
    @Test
    @EnabledIfSystemProperty(named = OUTPUT, matches = ".+", disabledReason = "interop/matrix.sh runs all combinations")
    @Timeout(4 * 3600)
    void shouldCountTheSameInEveryCombination() throws IOException {
        MatrixNotes notes = MatrixNotes.open(Path.of(System.getProperty(NOTES, "target/matrix.tsv")));
        Pattern only = Pattern.compile(System.getProperty(ONLY, ""));
        List<MatrixCase> wanted = MatrixCase.all().stream()
                .filter(combination -> only.matcher(combination.toString()).find())
                .toList();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.getLong(SECONDS, TimeUnit.DAYS.toSeconds(1)));
        for (MatrixCase combination : wanted) {
            if (!notes.results().containsKey(combination) && System.nanoTime() - end < 0) {
                run(combination, notes);
            }
        }
        MatrixTable.write(Path.of(System.getProperty(OUTPUT)), wanted, notes.results(), notes.failures());
        assertTrue(
                notes.failures().isEmpty(),
                notes.failures().size() + " combinations failed: "
                        + notes.failures().keySet());
        assertEquals(wanted.size(), notes.results().size(), "combinations that were run");
    }

    private void run(MatrixCase combination, MatrixNotes notes) throws IOException {
        Path place = Files.createTempDirectory(folder, "m");
        try {
            notes.passed(combination, combination.run(place));
        } catch (AssertionError e) {
            notes.failed(combination, String.valueOf(e.getMessage()));
            System.out.println(combination + ": FAILED " + e.getMessage() + ", cause " + e.getCause());
        }
    }
}
