// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.ring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostException;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.PackedDriver;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PackedRingTest extends RingContract {
    private static final int NEXT = 1;
    private static final int TABLE = 4;

    @Override
    boolean packed() {
        return true;
    }

    static int[] sizes() {
        return new int[] {1, 2, 3, 5, 7, 64, 100, 255, 32768};
    }

    @Override
    void offerTable(DriverRing driver, long table, long bytes, int extraFlags) {
        PackedDriver packed = (PackedDriver) driver;
        packed.describe(packed.slotGpa(0), table, bytes, 1, TABLE | extraFlags | packed.availableBits(0));
        packed.advance(1);
    }

    @ParameterizedTest
    @CsvSource({"7,0,false", "7,3,true", "7,6,false", "1,0,false", "100,99,true", "32768,32767,false"})
    void shouldStartAtAnyPosition(int size, int first, boolean wrap) {
        PackedDriver driver = new PackedDriver(image, size, first, wrap);
        int base = driver.base();
        Ring ring = Ring.create(driver.setup(EVENT_IDX, base), image.memory(), null, READ);
        assertEquals(base, ring.base());
        Buffer buffer = filled(9, 1);
        for (int i = 0; i < 300; i++) {
            driver.wantNotification(true);
            driver.add(List.of(buffer));
            assertEquals(1, ring.gather(8));
            publish(ring, 1, i);
            assertTrue(ring.needsNotification());
            assertEquals(i, driver.collect().getFirst().writtenBytes());
            assertEquals(driver.base(), ring.base());
        }
    }

    @Test
    void shouldKeepUsedAndAvailablePositionsApart() {
        PackedDriver driver = new PackedDriver(image, 8, 0, true);
        Buffer buffer = filled(9, 1);
        driver.add(List.of(buffer));
        driver.add(List.of(buffer));
        driver.add(List.of(buffer));
        // the first two are in somebody else's hands: available position 2, used position 0
        int base = 0x8002 | 0x8000 << 16;
        Ring ring = Ring.create(driver.setup(0, base), image.memory(), null, READ);
        assertEquals(1, ring.gather(8));
        publish(ring, 1, 5);
        assertEquals(0x8003 | 0x8001 << 16, ring.base());
        assertEquals(5, driver.collect().getFirst().writtenBytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {0x80008008, 0x80088000, 0x7FFF7FFF, 0xFFFF8000})
    void shouldNotStartOutsideTheRing(int base) {
        PackedDriver driver = new PackedDriver(image, 8, 0, true);
        assertThrows(VhostException.class, () -> Ring.create(driver.setup(0, base), image.memory(), null, READ));
    }

    @Test
    void shouldStopAtAChainLongerThanTheRing() {
        PackedDriver driver = new PackedDriver(image, 8, 0, true);
        Ring ring = ring(driver, 0, READ);
        for (int i = 0; i < 8; i++) {
            driver.describe(driver.slotGpa(i), GuestImage.BASE, 5, 1, NEXT | driver.availableBits(i));
        }
        assertEquals(0, ring.available());
        assertEquals(0, ring.gather(8));
        assertEquals(RingFault.CHAIN_TOO_LONG, ring.fault());
    }

    @Test
    void shouldStopAtAChainThatRunsIntoTheBatch() {
        PackedDriver driver = new PackedDriver(image, 8, 0, true);
        Ring ring = ring(driver, 0, READ);
        driver.add(List.of(filled(5, 1)));
        for (int i = 0; i < 7; i++) {
            driver.describe(driver.slotGpa(i), GuestImage.BASE, 5, 1, NEXT | driver.availableBits(i));
        }
        assertEquals(1, ring.gather(8));
        assertEquals(RingFault.CHAIN_TOO_LONG, ring.fault());
    }

    @Test
    void shouldReadTableEntriesWhateverTheirWriteFlag() {
        // DPDK's driver marks the entry of a sent packet's header writable, and leaves flags of rings in the others
        Buffer buffer = filled(10, 1);
        Buffer other = filled(20, 2);
        long table = image.allocate(32, 16);
        tableEntry(table, 0, buffer.gpa(), 10, WRITE, 0);
        tableEntry(table, 1, other.gpa(), 20, NEXT | 0x80, 0);
        DriverRing driver = driver(4);
        Ring ring = ring(driver, INDIRECT, READ);
        offerTable(driver, table, 32, 0);
        assertEquals(1, ring.gather(8));
        assertArrayEquals(joined(10, 20), bytesOf(ring, 0));
    }

    @Test
    void shouldNotWriteToReadableTableEntries() {
        long table = image.allocate(16, 16);
        tableEntry(table, 0, GuestImage.BASE, 10, 0, 0);
        DriverRing driver = driver(4);
        Ring ring = ring(driver, INDIRECT, WRITE);
        offerTable(driver, table, 16, 0);
        assertEquals(1, ring.gather(8));
        assertEquals(ChainBatch.BAD, ring.batch().totalBytes(0));
    }

    @Test
    void shouldNotUseATableInAChain() {
        long table = image.allocate(16, 16);
        tableEntry(table, 0, GuestImage.BASE, 10, 0, 0);
        PackedDriver driver = new PackedDriver(image, 8, 0, true);
        Ring ring = ring(driver, INDIRECT, READ);
        driver.describe(driver.slotGpa(1), table, 16, 1, TABLE | driver.availableBits(1));
        driver.describe(driver.slotGpa(0), GuestImage.BASE, 5, 1, NEXT | driver.availableBits(0));
        assertEquals(1, ring.gather(8));
        assertEquals(ChainBatch.BAD, ring.batch().totalBytes(0));
        assertEquals(2, ring.batch().slots[0]);
        assertNull(ring.fault());
    }

    @Test
    void shouldWriteUsedDescriptorsAsTheSpecificationSays() {
        // virtio 1.2 §2.8.21: golden bytes, so that not only driver and device of ours agree
        PackedDriver driver = new PackedDriver(image, 4, 0, true);
        Ring ring = ring(driver, 0, WRITE);
        long at = driver.descGpa();
        image.set(at, 8, GuestImage.BASE);
        image.set(at + 8, 4, 100);
        image.set(at + 12, 2, 0x1234);
        image.set(at + 14, 2, 0x0082);
        assertEquals(1, ring.gather(4));
        publish(ring, 1, 42);
        assertEquals(42, image.get(at + 8, 4));
        assertEquals(0x1234, image.get(at + 12, 2));
        assertEquals(0x8082, image.get(at + 14, 2));
        assertEquals(0x80018001, ring.base());
    }
}
