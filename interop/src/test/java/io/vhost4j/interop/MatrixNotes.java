// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The results of a run of the full matrix, also kept in a file, a line for each combination. */
final class MatrixNotes {
    private static final String PASSED = "passed";
    private static final String FAILED = "failed";
    private static final int RESULT_FIELDS = 5;

    private final Path file;
    private final Map<MatrixCase, MatrixCase.Result> results = new LinkedHashMap<>();
    private final Map<MatrixCase, String> failures = new LinkedHashMap<>();

    private MatrixNotes(Path file) {
        this.file = file;
    }

    /** Takes up what an earlier run has noted as passed; what failed is to be run again. */
    static MatrixNotes open(Path file) throws IOException {
        MatrixNotes notes = new MatrixNotes(file);
        if (!Files.exists(file)) {
            return notes;
        }
        Map<String, MatrixCase> byName =
                MatrixCase.all().stream().collect(Collectors.toMap(MatrixCase::toString, Function.identity()));
        for (String line : Files.readAllLines(file)) {
            String[] fields = line.split("\t", -1);
            MatrixCase combination = fields.length == RESULT_FIELDS ? byName.get(fields[1]) : null;
            if (combination != null && PASSED.equals(fields[0])) {
                notes.results.put(
                        combination,
                        new MatrixCase.Result(Long.parseLong(fields[2]), Long.parseLong(fields[3]), fields[4]));
            }
        }
        return notes;
    }

    /** Notes that both ends counted the same. */
    void passed(MatrixCase combination, MatrixCase.Result result) throws IOException {
        results.put(combination, result);
        note(PASSED, combination, String.valueOf(result.fromGuest()), String.valueOf(result.toGuest()), result.paths());
    }

    /** Notes a failure. */
    void failed(MatrixCase combination, String message) throws IOException {
        failures.put(combination, message);
        note(FAILED, combination, message.replaceAll("\\s+", " "));
    }

    private void note(String outcome, MatrixCase combination, String... rest) throws IOException {
        String line = outcome + "\t" + combination + "\t" + String.join("\t", rest);
        Files.write(file, List.of(line), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** What both ends counted, by combination. */
    Map<MatrixCase, MatrixCase.Result> results() {
        return results;
    }

    /** What went wrong, by combination. */
    Map<MatrixCase, String> failures() {
        return failures;
    }
}
