// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
        assertEquals(3, Traffic.MACSWAP.packetsPerSecond(sample));
    }

    @Test
    void shouldSendFewerPacketsRoundIfTheyAreLarge() {
        assertEquals("start tx_first 16", Traffic.MACSWAP.startCommand(64));
        assertEquals("start tx_first 16", Traffic.MACSWAP.startCommand(2048));
        assertEquals("start tx_first 1", Traffic.MACSWAP.startCommand(65535));
        assertEquals("start", Traffic.TX.startCommand(64));
    }

    @Test
    void shouldTimeOnlyPacketsThatComeBack() {
        Shape loaded = new Shape(1, 1, 0, 50);

        assertTrue(shaped(Traffic.MACSWAP, 64, true, loaded).possible());
        assertFalse(shaped(Traffic.RX, 64, true, loaded).possible());
        assertEquals(
                "split macswap 64 B, mrg, 50 % load",
                shaped(Traffic.MACSWAP, 64, true, loaded).toString());
    }

    @Test
    void shouldKnowTheLoadThatARateComesFrom() {
        Cell loaded = shaped(Traffic.MACSWAP, 64, true, new Shape(1, 1, 0, 50));

        assertEquals(new Shape(1, 1, 5, 50), loaded.at(5).shape());
        assertEquals(new Shape(1, 1, Shape.FULL, 0), loaded.at(Shape.FULL).shape());
    }

    @Test
    void shouldWantMergeableBuffersForLargePackets() {
        assertTrue(shaped(Traffic.RX, 65535, true, Shape.PLAIN).possible());
        assertFalse(shaped(Traffic.RX, 4096, false, Shape.PLAIN).possible());
    }

    private static Cell shaped(Traffic traffic, int bytes, boolean mergeable, Shape shape) {
        return new Cell(RingKind.SPLIT, traffic, bytes, mergeable, false, false, shape);
    }

    private static Cell cell(RingKind ring, boolean mergeable, boolean inOrder, boolean vectorized) {
        return new Cell(ring, Traffic.TX, 64, mergeable, inOrder, vectorized);
    }
}
