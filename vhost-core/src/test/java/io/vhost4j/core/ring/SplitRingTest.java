// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.ring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.SplitDriver;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SplitRingTest extends RingContract {
    private static final int NEXT = 1;
    private static final int TABLE = 4;

    @Override
    boolean packed() {
        return false;
    }

    static int[] sizes() {
        return new int[] {1, 2, 4, 8, 64, 256, 1024, 32768};
    }

    private SplitDriver split(int size) {
        return new SplitDriver(image, size, 0);
    }

    @Override
    void offerTable(DriverRing driver, long table, long bytes, int extraFlags) {
        SplitDriver split = (SplitDriver) driver;
        split.describe(/* table= */ split.descGpa(), 1, /* gpa= */ table, bytes, TABLE | extraFlags, 0);
        split.offer(1);
    }

    private void assertFault(RingFault fault, long value, Ring ring, int chainsBefore) {
        assertEquals(chainsBefore, ring.gather(8));
        assertEquals(fault, ring.fault());
        assertEquals(value, ring.faultValue());
    }

    @Test
    void shouldNotReadWritableTableEntries() {
        long table = image.allocate(16, 16);
        tableEntry(table, 0, GuestImage.BASE, 10, WRITE, 0);
        assertTableUseless(INDIRECT, table, 16, 0);
    }

    @Test
    void shouldTakeDescriptorsAndThenATable() {
        SplitDriver driver = split(8);
        Ring ring = ring(driver, INDIRECT, READ);
        driver.addMixed(
                List.of(filled(1, 1), filled(20, 2)),
                List.of(filled(300, 3), filled(4, 4), filled(5, 5)),
                image.allocate(16 * 3, 1));
        assertEquals(1, ring.gather(8));
        assertArrayEquals(joined(1, 20, 300, 4, 5), bytesOf(ring, 0));
        publish(ring, 1, 0);
        assertEquals(1, driver.collect().size());
        assertEquals(8, driver.room());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 0x7FFF, 0x8000, 0xFFF0, 0xFFFF})
    void shouldStartAtAnyIndex(int first) {
        SplitDriver driver = new SplitDriver(image, 16, first);
        Ring ring = ring(driver, EVENT_IDX, READ);
        Buffer buffer = filled(9, 1);
        for (int i = 0; i < 100; i++) {
            driver.wantNotification(true);
            driver.add(List.of(buffer));
            assertEquals(1, ring.gather(8));
            publish(ring, 1, i);
            assertTrue(ring.needsNotification());
            assertEquals(i, driver.collect().getFirst().writtenBytes());
            assertEquals((first + i + 1) & 0xFFFF, ring.base());
        }
    }

    @Test
    void shouldTakeTheUsedIndexFromMemory() {
        SplitDriver driver = new SplitDriver(image, 16, 40);
        // what was available before is in somebody else's hands: used.idx stays behind
        image.set(driver.usedGpa() + 2, 2, 37);
        driver.setAvailIdx(40);
        Ring ring = Ring.create(driver.setup(0, 40), image.memory(), null, READ);
        driver.add(List.of(filled(5, 1)));
        assertEquals(1, ring.gather(4));
        publish(ring, 1, 3);
        assertEquals(38, image.get(driver.usedGpa() + 2, 2));
        assertEquals(3, image.get(driver.usedGpa() + 4 + 8 * (37 % 16) + 4, 4));
        assertEquals(41, ring.base());
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 100, 0x8000, 0xFFFF})
    void shouldStopIfTheIndexIsTooFarAhead(int ahead) {
        SplitDriver driver = split(8);
        Ring ring = ring(driver, 0, READ);
        driver.setAvailIdx(ahead);
        assertEquals(8, ring.available());
        assertFault(RingFault.AVAIL_OVERRUN, ahead, ring, 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 0x7FFF, 0xFFFF})
    void shouldStopAtAHeadThatDoesNotExist(int head) {
        SplitDriver driver = split(8);
        Ring ring = ring(driver, 0, READ);
        driver.add(List.of(filled(5, 1)));
        driver.offer(head);
        driver.add(List.of(filled(5, 1)));
        assertFault(RingFault.HEAD_OUT_OF_RANGE, head, ring, 1);
        assertEquals(5, ring.batch().totalBytes(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 0xFFFF})
    void shouldStopAtASuccessorThatDoesNotExist(int next) {
        SplitDriver driver = split(8);
        Ring ring = ring(driver, 0, READ);
        driver.describe(driver.descGpa(), 3, GuestImage.BASE, 5, NEXT, next);
        driver.offer(3);
        assertFault(RingFault.NEXT_OUT_OF_RANGE, next, ring, 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void shouldStopAtALoop(int bytes) {
        SplitDriver driver = split(8);
        Ring ring = ring(driver, 0, READ);
        driver.describe(driver.descGpa(), 0, GuestImage.BASE, bytes, NEXT, 1);
        driver.describe(driver.descGpa(), 1, GuestImage.BASE, bytes, NEXT, 0);
        driver.offer(0);
        assertFault(RingFault.CHAIN_TOO_LONG, 9, ring, 0);
    }

    @Test
    void shouldNotUseALoopInATable() {
        long table = image.allocate(16 * 2, 16);
        tableEntry(table, 0, GuestImage.BASE, 10, NEXT, 1);
        tableEntry(table, 1, GuestImage.BASE, 10, NEXT, 0);
        assertTableUseless(INDIRECT, table, 32, 0);
        tableEntry(table, 1, GuestImage.BASE, 10, NEXT, 2);
        assertTableUseless(INDIRECT, table, 32, 0);
        tableEntry(table, 1, GuestImage.BASE, 10, NEXT, 0xFFFF);
        assertTableUseless(INDIRECT, table, 32, 0);
    }

    @Test
    void shouldNotUseATableWithASuccessor() {
        long table = image.allocate(16, 16);
        tableEntry(table, 0, GuestImage.BASE, 10, 0, 0);
        assertTableUseless(INDIRECT, table, 16, NEXT);
    }

    @Test
    void shouldStopAtManyHeadsOfOneLongChain() {
        // together longer than the ring: no driver can have that much outstanding
        SplitDriver driver = split(256);
        Ring ring = ring(driver, 0, READ);
        for (int i = 0; i < 256; i++) {
            driver.describe(driver.descGpa(), i, GuestImage.BASE, 1, i < 255 ? NEXT : 0, i + 1);
        }
        for (int i = 0; i < 64; i++) {
            driver.offer(0);
        }
        assertEquals(1, ring.gather(64));
        assertEquals(RingFault.CHAIN_TOO_LONG, ring.fault());
    }

    @Test
    void shouldGoOnAfterGoodChains() {
        SplitDriver driver = split(8);
        Ring ring = ring(driver, 0, READ);
        driver.add(List.of(filled(5, 1)));
        assertEquals(1, ring.gather(8));
        assertNull(ring.fault());
    }
}
