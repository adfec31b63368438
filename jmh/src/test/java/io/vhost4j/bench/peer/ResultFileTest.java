// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ResultFileTest {
    private static final Map<String, String> HOST = Map.of("kernel", "6", "vhost4j", "abc", "processor", "x, 1 MHz");
    private static final List<BackEndKind> KINDS = List.of(BackEndKind.VHOST4J, BackEndKind.DPDK);
    private static final Method METHOD =
            new Method(false, 7, 1, Timing.of(3, 0.3, 1), new Limits(1, 97, 3, Place.ANY, 200, 0));
    private static final List<CellResult> RESULTS = List.of(
            result(new Cell(RingKind.PACKED, Traffic.MACSWAP, 1518, false, true, false), "DPDK 1"),
            result(
                    new Cell(RingKind.SPLIT, Traffic.MACSWAP, 64, true, false, false, new Shape(2, 1, 0, 50)),
                    "DPDK 1"));

    @Test
    void shouldReadBackWhatAReportKept() {
        assertEquals(RESULTS, read(json(RESULTS), HOST, METHOD));
    }

    @Test
    void shouldNotMindTheClockOfTheMoment() {
        Map<String, String> host = Map.of("kernel", "6", "vhost4j", "abc", "processor", "x, 2 MHz");

        assertEquals(2, read(json(RESULTS), host, METHOD).size());
    }

    @Test
    void shouldRejectCellsOfOtherVersions() {
        Map<String, String> host = Map.of("kernel", "6", "vhost4j", "abd");

        BenchFailure failure = assertThrows(BenchFailure.class, () -> read(json(RESULTS), host, METHOD));
        assertTrue(failure.getMessage().contains("vhost4j was 'abc', is 'abd'"), failure.getMessage());
    }

    @Test
    void shouldRejectCellsMeasuredInAnotherWay() {
        Method other = new Method(false, 7, 2, METHOD.timing(), METHOD.limits());

        assertThrows(BenchFailure.class, () -> read(json(RESULTS), HOST, other));
    }

    @Test
    void shouldRejectCellsOfOtherBackEnds() {
        List<BackEndKind> others = List.of(BackEndKind.VHOST4J, BackEndKind.DPDK_NATIVE);

        assertThrows(BenchFailure.class, () -> ResultFile.read("f", json(RESULTS), HOST, METHOD, others));
    }

    @Test
    void shouldRejectAFileThatIsSomethingElse() {
        assertThrows(BenchFailure.class, () -> read("{\"host\":{\"kernel\":\"6\"}}", HOST, METHOD));
        assertThrows(BenchFailure.class, () -> read("[]", HOST, METHOD));
    }

    @Test
    void shouldNotMixVersionsInAReport() {
        List<CellResult> mixed = List.of(RESULTS.get(0), result(RESULTS.get(1).cell(), "DPDK 2"));

        assertThrows(BenchFailure.class, () -> json(mixed));
    }

    private static List<CellResult> read(String text, Map<String, String> host, Method method) {
        return ResultFile.read("f", text, host, method, KINDS);
    }

    private static String json(List<CellResult> results) {
        return new Report(HOST, METHOD, "c", false, results).json();
    }

    private static CellResult result(Cell cell, String dpdk) {
        List<Run> round = List.of(
                run(BackEndKind.VHOST4J, "JDK 25", OptionalDouble.empty()),
                run(BackEndKind.DPDK, dpdk, OptionalDouble.of(21.5)));
        return new CellResult(cell, KINDS, List.of(round, round), 3);
    }

    private static Run run(BackEndKind kind, String version, OptionalDouble busy) {
        return new Run(
                kind,
                3e7,
                List.of(2e7, 4e7),
                Optional.of(new Latency(5000, 9000, 20_000)),
                82.5,
                0.5,
                0.995,
                0.99,
                busy,
                List.of(version, "DPDK front"),
                List.of("command of " + kind, "front command"),
                null);
    }
}
