// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class ReportTest {
    private static final Method METHOD =
            new Method(false, 7, 1, Timing.of(3, 0.3, 1), new Limits(1, 97, 3, Place.ANY, 200, 0));
    private static final Cell CELL = new Cell(RingKind.SPLIT, Traffic.RX, 64, true, true, false);

    @Test
    void shouldTakeTheMedianOfRatiosWithinRounds() {
        // 2, 1 and 4: the medians alone would give 20 : 15
        CellResult result = result(new double[][] {{20, 10, 90}, {15, 15, 90}, {80, 20, 90}});

        assertEquals(new Numbers(2, 1, 4, 3), result.ratio(1));
        assertEquals(20, result.pps(0).median());
    }

    @Test
    void shouldShowEachCellAndTheMean() {
        Report report = report(result(new double[][] {{30e6, 20e6, 90}}));
        List<String> text = report.text();

        assertTrue(text.get(2).startsWith("split rx 64 B, mrg, in-order"), text.toString());
        assertTrue(text.get(2).contains("1.50"), text.toString());
        assertEquals("vhost4j : dpdk, geometric mean of 1 cells: 1.50; near, of 1: 1.50", text.get(3));
    }

    @Test
    void shouldTellRoundsOnNearProcessorsFromThoseOnFarOnes() {
        Report report = report(result(new double[][] {{40, 20, 90}, {10, 20, 380}, {10, 40, 380}}));

        List<String> text = report.text();

        assertTrue(text.get(2).matches(".* 380 .* 0[.]50 +0[.]25-2[.]00 +2[.]00 +0[.]38"), text.get(2));
        assertEquals("vhost4j : dpdk, geometric mean of 1 cells: 0.50; near, of 1: 2.00; far, of 1: 0.38", text.get(3));
    }

    @Test
    void shouldNotCountARunDuringWhichAProcessorMoved() {
        Run run = run(BackEndKind.DPDK, 1, 0);

        assertNull(run.between(80, 130).disturbance());
        assertEquals(105, run.between(80, 130).lineNanos());
        assertNotNull(run.between(80, 380).disturbance());
        assertNotNull(run.between(380, 120).disturbance());
    }

    @Test
    void shouldWaitForTheRightPlaceOnly() {
        Limits near = new Limits(1, 97, 1, Place.NEAR, 200, 0);

        assertTrue(near.isRight(199));
        assertFalse(near.isRight(200));
        assertTrue(new Limits(1, 97, 1, Place.FAR, 200, 0).isRight(200));
        assertTrue(METHOD.limits().isRight(1000));
    }

    @Test
    void shouldKeepEveryRunInTheJson() {
        String json =
                report(result(new double[][] {{30, 20, 90}, {31, 21, 90}})).json();

        assertEquals(4, json.split("\"back_end\"", -1).length - 1, json);
        assertTrue(json.contains("\"pps\":31"), json);
    }

    @Test
    void shouldWriteCommandsWithoutFoldersOfThisMachine() {
        assertEquals("testpmd --dir=pages", Run.portable(List.of("/bin/x/testpmd", "--dir=/dev/pages")));

        String page = report(result(new double[][] {{30, 20, 90}})).markdown("title", "chart.svg");

        assertTrue(page.contains("\ntestpmd --dir=pages\n"), page);
    }

    @Test
    void shouldDrawABarForEachReference() throws Exception {
        String svg = RatioChart.of(List.of(result(new double[][] {{30, 20, 90}})), "a < b & c");

        Document document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
        // the ground, the legend's mark, and the bar
        assertEquals(3, document.getElementsByTagName("rect").getLength());
    }

    @Test
    void shouldNameWhatDisturbedARun() {
        Limits limits = new Limits(1, 97, 1, Place.ANY, 200, 0);

        assertNull(limits.disturbance(1, 0.97, 0.99));
        assertNotNull(limits.disturbance(1.1, 1, 1));
        assertNotNull(limits.disturbance(0, 1, 0.96));
    }

    private static Report report(CellResult result) {
        return new Report(Map.of("kernel", "6"), METHOD, "peer-bench", false, List.of(result));
    }

    private static CellResult result(double[][] pps) {
        List<List<Run>> rounds = java.util.Arrays.stream(pps)
                .map(pair ->
                        List.of(run(BackEndKind.VHOST4J, pair[0], pair[2]), run(BackEndKind.DPDK, pair[1], pair[2])))
                .toList();
        return new CellResult(CELL, List.of(BackEndKind.VHOST4J, BackEndKind.DPDK), rounds, 0);
    }

    private static Run run(BackEndKind kind, double pps, double lineNanos) {
        return new Run(
                kind,
                pps,
                List.of(pps),
                Optional.empty(),
                lineNanos,
                0,
                1,
                1,
                OptionalDouble.empty(),
                List.of("1", "2"),
                List.of("testpmd --dir=pages", "front"),
                null);
    }
}
