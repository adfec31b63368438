// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.examples.cli.Machine;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CacheLineTest {
    @Test
    void shouldTakeSomeTimeBetweenTwoProcessors() {
        BitSet cpus = Machine.usableCpus();
        Assumptions.assumeTrue(cpus.cardinality() > 1, "one processor only");
        int first = cpus.nextSetBit(0);

        double nanos = CacheLine.roundTripNanos(first, cpus.nextSetBit(first + 1));

        assertTrue(nanos > 1, () -> "a cache line took " + nanos + " ns");
    }

    @Test
    void shouldSayThatAProcessorIsNotThere() {
        int first = Machine.usableCpus().nextSetBit(0);

        assertThrows(BenchFailure.class, () -> CacheLine.roundTripNanos(first, 1000));
    }
}
