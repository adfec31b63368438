// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class CampaignTest {
    private static final List<Cell> CELLS = List.of(cell(64), cell(256), cell(1518));

    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private final PrintStream progress = new PrintStream(text, true, StandardCharsets.UTF_8);
    private final List<List<CellResult>> kept = new ArrayList<>();

    @Test
    void shouldKeepWhatThereIsAfterEachCell() throws IOException {
        Campaign campaign = new Campaign(CELLS, List.of(), 0, progress);

        campaign.run(CampaignTest::result, kept::add);

        assertEquals(List.of(1, 2, 3), kept.stream().map(List::size).toList());
        assertEquals(CELLS, campaign.results().stream().map(CellResult::cell).toList());
        assertTrue(text.toString(StandardCharsets.UTF_8).contains("cell 3 of 3, "), text::toString);
    }

    @Test
    void shouldMeasureOnlyWhatIsMissingAndSort() throws IOException {
        Campaign campaign = new Campaign(CELLS, List.of(result(CELLS.get(1)), result(CELLS.get(0))), 0, progress);

        campaign.run(CampaignTest::result, kept::add);

        assertEquals(1, kept.size());
        assertEquals(CELLS, campaign.results().stream().map(CellResult::cell).toList());
    }

    @Test
    void shouldGoOnAfterACellThatFails() throws IOException {
        Campaign campaign = new Campaign(CELLS, List.of(), 0, progress);

        campaign.run(
                cell -> {
                    if (cell.bytes() == 256) {
                        throw new BenchFailure("no traffic");
                    }
                    return result(cell);
                },
                kept::add);

        assertEquals(2, campaign.results().size());
        assertEquals(List.of(CELLS.get(1) + ": no traffic"), campaign.failures());
    }

    @Test
    void shouldBeginNoCellThatWouldEndTooLate() throws IOException {
        Campaign campaign = new Campaign(CELLS, List.of(), 1e-9, progress);

        campaign.run(CampaignTest::result, kept::add);

        assertEquals(1, campaign.results().size());
        assertEquals(2, campaign.left());
    }

    @Test
    void shouldSpreadRoundsOverStarts() {
        Method method = new Method(false, 7, 3, Timing.of(1, 1, 1), new Limits(1, 97, 1, Place.ANY, 200, 0));

        assertEquals(List.of(2, 2, 3), List.of(method.rounds(0), method.rounds(1), method.rounds(2)));
    }

    private static Cell cell(int bytes) {
        return new Cell(RingKind.SPLIT, Traffic.RX, bytes, true, true, false);
    }

    private static CellResult result(Cell cell) {
        Run run = new Run(
                BackEndKind.DPDK,
                1e6,
                List.of(1e6),
                Optional.empty(),
                80,
                0,
                1,
                1,
                OptionalDouble.empty(),
                List.of("1", "2"),
                List.of("b", "f"),
                null);
        return new CellResult(cell, List.of(BackEndKind.DPDK), List.of(List.of(run)), 0);
    }
}
