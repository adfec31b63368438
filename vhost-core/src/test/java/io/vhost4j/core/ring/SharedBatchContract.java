// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.ring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.DriverRing.Used;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What rings that a thread serves have in common, and what not. */
abstract class SharedBatchContract extends RingFixture {
    @Test
    void shouldGatherFromRingsOfAnySizeIntoTheSame() {
        DriverRing smallDriver = driver(4);
        DriverRing largeDriver = driver(64);
        Ring small = ring(smallDriver, 0, READ);
        Ring large = ring(largeDriver, 0, READ);
        int one = smallDriver.add(List.of(filled(10, 1), filled(11, 2)));
        for (int i = 0; i < 64; i++) {
            largeDriver.add(List.of(filled(20 + i, i)));
        }

        assertEquals(1, small.gatherShared(4));
        assertEquals(21, small.batch().totalBytes(0));
        publish(small, 1, 5);
        assertEquals(64, large.gatherShared(64));
        assertArrayEquals(pattern(20 + 63, 63), bytesOf(large, 63));
        publish(large, 64, 0);
        smallDriver.add(List.of(filled(12, 3)));
        assertEquals(1, small.gatherShared(4));

        assertSame(large.batch(), small.batch());
        assertArrayEquals(pattern(12, 3), bytesOf(small, 0));
        assertEquals(
                List.of(one), smallDriver.collect().stream().map(Used::token).toList());
    }

    @Test
    void shouldHaveABatchOfItsOwn() {
        DriverRing driver = driver(8);
        Ring own = ring(driver, 0, READ);
        DriverRing otherDriver = driver(8);
        Ring other = ring(otherDriver, 0, READ);
        int token = driver.add(List.of(filled(10, 1)));
        otherDriver.add(List.of(filled(20, 2), filled(30, 3)));

        assertEquals(1, own.gather(8));
        assertEquals(1, other.gatherShared(8));
        assertSame(own.ownBatch(), own.batch());
        assertNotSame(own.batch(), other.batch());
        assertArrayEquals(pattern(10, 1), bytesOf(own, 0));
        publish(own, 1, 7);
        assertEquals(token, driver.collect().getFirst().token());
    }

    /** Two threads in turns, two rings, all ways to take chains: each comes back once, in order. */
    @Test
    void shouldServeWhoeverComes() throws Exception {
        SplittableRandom random = new SplittableRandom(7);
        List<Lane> lanes = List.of(new Lane(8), new Lane(16));
        try (ExecutorService one = Executors.newSingleThreadExecutor();
                ExecutorService two = Executors.newSingleThreadExecutor()) {
            for (int round = 0; round < 4000; round++) {
                Lane lane = lanes.get(random.nextInt(2));
                lane.provide(random);
                Future<?> served = (random.nextBoolean() ? one : two).submit(() -> lane.serve(random));
                served.get();
                lane.check();
            }
        }
    }

    /** A ring with its driver, and what is expected of it. */
    private final class Lane {
        private final DriverRing driver;
        private final Ring ring;
        private final Buffer buffer = filled(50, 1);
        private final List<Integer> expected = new ArrayList<>();
        private int written;
        private int seen;

        Lane(int size) {
            driver = driver(size);
            ring = ring(driver, 0, READ);
        }

        void provide(SplittableRandom random) {
            while (driver.room() > 3 && random.nextInt(4) != 0) {
                List<Buffer> chain = new ArrayList<>();
                for (int i = random.nextInt(3); i >= 0; i--) {
                    chain.add(buffer);
                }
                expected.add(driver.add(chain));
            }
        }

        void serve(SplittableRandom random) {
            boolean takes = ring.taken() > 0 || random.nextInt(3) == 0;
            int most = Math.min(1 + random.nextInt(5), ring.size() - ring.taken());
            if (most > 0) {
                int count = takes ? ring.gather(most) : ring.gatherShared(most);
                for (int i = 0; i < count; i++) {
                    ring.batch().writtenBytes[i] = written++;
                }
                if (count > 0 && takes) {
                    ring.take(count);
                } else if (count > 0) {
                    ring.publish(count);
                }
            }
            int back = random.nextInt(ring.taken() + 1);
            if (back > 0) {
                ring.giveBack(back);
            }
        }

        void check() {
            for (Used used : driver.collect()) {
                assertEquals(expected.removeFirst(), used.token());
                assertEquals(seen++, used.writtenBytes());
            }
            assertNull(ring.fault());
        }
    }
}
