// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class CellTest {
    @Test
    void shouldKnowWhereTheFrontEndHasVectorFunctions() {
        assertTrue(cell(RingKind.PACKED, false, true, true).possible());
        assertTrue(cell(RingKind.SPLIT, false, false, true).possible());
        assertFalse(cell(RingKind.PACKED, false, false, true).possible());
        assertFalse(cell(RingKind.SPLIT, false, true, true).possible());
        assertFalse(cell(RingKind.PACKED, true, true, true).possible());
        assertTrue(cell(RingKind.SPLIT, true, true, false).possible());
    }

    @Test
    void shouldNameWhatIsOn() {
        assertEquals(
                "packed tx 64 B, in-order, vector",
                cell(RingKind.PACKED, false, true, true).toString());
    }

    @Test
    void shouldCountWhatTheGuestSentOnlyWhereItReceivesNothing() {
        Sample sample = new Sample(3, 5);

        assertEquals(5, Traffic.TX.packetsPerSecond(sample));
        assertEquals(3, Traffic.RX.packetsPerSecond(sample));
        assertEquals(
                List.of(3.0),
                java.util.Arrays.stream(Traffic.MACSWAP.packetsPerSecond(List.of(sample)))
                        .boxed()
                        .toList());
    }

    private static Cell cell(RingKind ring, boolean mergeable, boolean inOrder, boolean vectorized) {
        return new Cell(ring, Traffic.TX, 64, mergeable, inOrder, vectorized);
    }
}
