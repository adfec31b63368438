// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** testpmd's virtio-user front-end against the launcher: every packet that one end counts, the other counts too. */
@RequiresPeer(Peer.TESTPMD)
class TestpmdMatrixIT {
    private static final String OUTPUT = "vhost4j.matrix.output";

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

    /** Takes about an hour; interop/matrix.sh runs it and keeps its table. */
    @Test
    @EnabledIfSystemProperty(named = OUTPUT, matches = ".+", disabledReason = "interop/matrix.sh runs all combinations")
    @Timeout(4 * 3600)
    void shouldCountTheSameInEveryCombination() throws IOException {
        Map<MatrixCase, MatrixCase.Result> results = new LinkedHashMap<>();
        Map<MatrixCase, String> failures = new LinkedHashMap<>();
        for (MatrixCase combination : MatrixCase.all()) {
            Path place = Files.createTempDirectory(folder, "m");
            try {
                MatrixCase.Result result = combination.run(place);
                results.put(combination, result);
                System.out.println(combination + ": " + result);
            } catch (AssertionError e) {
                failures.put(combination, e.getMessage());
                System.out.println(combination + ": FAILED " + e.getMessage());
            }
        }
        MatrixTable.write(Path.of(System.getProperty(OUTPUT)), results, failures);
        assertTrue(failures.isEmpty(), failures.size() + " combinations failed: " + failures.keySet());
    }
}
