// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LookaheadTest {
    private static final int RING = 1024;
    private static final int BURST = 32;

    private final Lookahead lookahead = new Lookahead(RING);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 33, 64, 65, 1024})
    void shouldLookAtLittleMoreThanPacketsTake(int chainsEach) {
        burst(chainsEach); // learns
        int looked = burst(chainsEach);
        int used = BURST * chainsEach;
        assertTrue(looked >= used, () -> looked + " chains seen for packets over " + used);
        int most = chainsEach <= 64 ? 2 * used + 64 : BURST * (RING + 64);
        assertTrue(looked <= most, () -> looked + " chains looked at, for " + used + " that were used");
    }

    @Test
    void shouldLookAtAsManyAsPacketsAgainAfterLargeOnes() {
        burst(3);
        burst(1);
        assertEquals(BURST, burst(1));
    }

    @Test
    void shouldRememberAPacketThatFoundTooFew() {
        assertEquals(1, lookahead.first(1));
        assertEquals(64, lookahead.next(1, 0, 0, 1));
        assertEquals(RING, lookahead.next(1, 0, 0, 64));
        assertEquals(64, lookahead.first(1));
    }

    /** Puts a burst of packets over {@code chainsEach} chains each, of which there are enough; returns how many chains were looked at. */
    private int burst(int chainsEach) {
        int looked = 0;
        int left = BURST;
        int found = lookahead.first(left);
        while (true) {
            looked += found;
            int placed = Math.min(left, found / chainsEach);
            left -= placed;
            int next = lookahead.next(left, placed, placed * chainsEach, found);
            if (left == 0) {
                return looked;
            }
            found = next;
        }
    }
}
