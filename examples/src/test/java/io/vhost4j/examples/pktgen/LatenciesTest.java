// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatenciesTest {
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 63, 64, 65, 127, 128, 129, 1000, 123_456, 999_999_999, (1L << 40) - 1})
    void shouldCountATimeAtMostASixtyFourthTooLong(long nanos) {
        long counted = Latencies.longest(Latencies.index(nanos));

        assertTrue(counted >= nanos && counted <= nanos + nanos / 64, nanos + " counts as " + counted);
    }

    @Test
    void shouldGiveEachTimeTheNextIndexOrTheSame() {
        int last = Latencies.index(0);
        for (long nanos = 1; nanos < 100_000; nanos++) {
            int index = Latencies.index(nanos);
            assertTrue(index == last || index == last + 1, "at " + nanos);
            last = index;
        }
    }

    @Test
    void shouldFindPercentilesOfWhatWasAddedSince() {
        Latencies latencies = new Latencies();
        latencies.add(1_000_000);
        Latencies.Snapshot before = latencies.snapshot();
        for (int i = 1; i <= 100; i++) {
            latencies.add(i);
        }

        Latencies.Snapshot added = latencies.snapshot().since(before);

        assertEquals(100, added.total());
        assertEquals(50, added.percentile(0.5));
        assertEquals(99, added.percentile(0.99));
        assertEquals(100, added.percentile(1));
        assertEquals(0, before.since(before).percentile(0.5));
    }

    @Test
    void shouldTakeTimesOutOfRange() {
        Latencies latencies = new Latencies();
        latencies.add(-5);
        latencies.add(Long.MAX_VALUE);

        assertEquals(0, latencies.snapshot().percentile(0.5));
        assertEquals((1L << 40) - 1, latencies.snapshot().percentile(1));
    }
}
