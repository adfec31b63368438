// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vhost4j.core.layout.InflightLayout;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.DriverRing.Used;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.LeakCheck;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Chains that a ring takes and gives back later. */
@ExtendWith(LeakCheck.class)
class TakenChainsTest {
    private static final int SIZE = 16;
    private static final int WRITE = 2;

    private GuestImage image;

    @BeforeEach
    void map() {
        image = GuestImage.of(1 << 17);
    }

    @AfterEach
    void unmap() {
        image.close();
    }

    private int add(DriverRing driver, int buffers) {
        List<Buffer> chain = new ArrayList<>();
        for (int i = 0; i < buffers; i++) {
            chain.add(new Buffer(image.regionStart(0) + 0x8000 + 0x1000L * i, 100, true));
        }
        return driver.add(chain);
    }

    private static int take(Ring ring, int most, int written) {
        int count = ring.gather(most);
        for (int i = 0; i < count; i++) {
            ring.batch().writtenBytes[i] = written + i;
        }
        if (count > 0) {
            ring.take(count);
        }
        return count;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGiveBackInOrderWhileTheRingGoesOn(boolean packed) {
        DriverRing driver = DriverRing.create(packed, image, SIZE);
        Ring ring = Ring.create(driver.setup(0), image.memory(), null, WRITE);
        SplittableRandom random = new SplittableRandom(1);
        List<Integer> expected = new ArrayList<>();
        long written = 0;
        long seen = 0;
        for (int round = 0; round < 5000; round++) {
            while (driver.room() > 3 && random.nextInt(4) != 0) {
                expected.add(add(driver, 1 + random.nextInt(3)));
            }
            int most = Math.min(1 + random.nextInt(4), ring.size() - ring.taken());
            written += most == 0 ? 0 : take(ring, most, (int) written);
            int back = random.nextInt(ring.taken() + 1);
            if (back > 0) {
                ring.giveBack(back);
            }
            for (Used used : driver.collect()) {
                assertEquals(expected.removeFirst(), used.token());
                assertEquals(seen++, used.writtenBytes());
            }
        }
        assertEquals(null, ring.fault());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldTakeNoMoreThanItHas(boolean packed) {
        DriverRing driver = DriverRing.create(packed, image, SIZE);
        Ring ring = Ring.create(driver.setup(0), image.memory(), null, WRITE);
        for (int i = 0; i < SIZE; i++) {
            add(driver, 1);
        }
        assertEquals(SIZE, take(ring, SIZE, 0));
        assertEquals(0, ring.available());
        assertEquals(SIZE, ring.taken());
        int base = ring.base();
        assertEquals(packed ? 0x8000_8000 : 0, base, "where the next one would have to begin");
        assertEquals(0, take(ring, SIZE, 0));
        assertThrows(IllegalStateException.class, () -> ring.take(1));
    }

    /** The process ends with chains taken; the next one finds those that were not given back, in order. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldBeFoundByTheNextProcess(boolean packed) {
        int bytes = (int) InflightLayout.queueBytes(packed, SIZE);
        long buffer = image.host(image.allocateWhole(bytes, 64), bytes);
        DriverRing driver = DriverRing.create(packed, image, SIZE);
        Ring ring = Ring.create(driver.setup(0), image.memory(), null, WRITE);
        ring.track(buffer);
        List<Integer> expected = new ArrayList<>();
        for (int round = 0; round < 40; round++) {
            while (driver.room() > 2) {
                expected.add(add(driver, 1 + (round + driver.room()) % 3));
            }
            int taken = take(ring, 3, 0);
            taken += take(ring, 2, 0);
            ring.giveBack(2);
            Ring next = Ring.create(driver.setup(0, ring.base()), image.memory(), null, WRITE);
            next.track(buffer);
            assertEquals(taken - 2, next.recovered());
            assertEquals(taken - 2, take(next, SIZE, 0), "those that were taken come first, and alone");
            int more = take(next, 1, 0);
            next.giveBack(taken - 2 + more);
            for (Used used : driver.collect()) {
                assertEquals(expected.removeFirst(), used.token());
            }
            ring = next;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldMarkPagesWhenTheyAreGivenBack(boolean packed) {
        int bytes = (int) (GuestImage.BASE >> 12) / 8 + 64;
        try (OwnedFd file = MemFd.create("log", bytes);
                Mapping view =
                        Mapping.map(file, 0, bytes, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED)) {
            DirtyLog log = DirtyLog.map(file, bytes, 0);
            DriverRing driver = DriverRing.create(packed, image, SIZE);
            Ring ring = Ring.create(driver.setup(0), image.memory(), null, WRITE);
            add(driver, 3);
            add(driver, 2);
            take(ring, 1, 150);
            take(ring, 1, 250);
            ring.setLog(log, -1);
            view.segment().fill((byte) 0);
            assertEquals(0, pages(view).cardinality());
            ring.giveBack(1);
            BitSet pages = pages(view);
            int first = (int) (image.regionStart(0) >> 12) + 8;
            assertEquals(BitSet.valueOf(new long[] {3}), pages.get(first, first + 8));
            log.release();
        }
    }

    private static BitSet pages(Mapping view) {
        return BitSet.valueOf(view.segment().toArray(ValueLayout.JAVA_BYTE));
    }
}
