// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.SplitDriver;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Which pages a ring marks. With 256 descriptors the descriptors fill page 0 of the guest's memory, and the device's other area is in
 * page 1. The numbers of pages below count from the start of that memory.
 */
@ExtendWith(LeakCheck.class)
class RingLogTest {
    private static final int FIRST_PAGE = (int) (GuestImage.BASE >> 12);
    private static final int LOG_BYTES = FIRST_PAGE / 8 + 64;
    private static final int WRITE = 2;
    private static final int SIZE = 256;

    private GuestImage image;
    private OwnedFd file;
    private Mapping view;
    private DirtyLog log;

    @BeforeEach
    void open() {
        image = GuestImage.of(1 << 17);
        file = MemFd.create("log", LOG_BYTES);
        view = Mapping.map(file, 0, LOG_BYTES, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED);
        log = DirtyLog.map(file, LOG_BYTES, 0);
    }

    @AfterEach
    void close() {
        log.release();
        view.close();
        file.close();
        image.close();
    }

    /** The pages marked since this was last called. */
    private String pages() {
        BitSet bits = BitSet.valueOf(view.segment().toArray(ValueLayout.JAVA_BYTE));
        view.segment().fill((byte) 0);
        return bits.stream().mapToObj(page -> "" + (page - FIRST_PAGE)).collect(Collectors.joining(" "));
    }

    private static void publish(Ring ring, int count, int written) {
        assertEquals(count, ring.gather(count));
        for (int i = 0; i < count; i++) {
            ring.batch().writtenBytes[i] = written;
        }
        ring.publish(count);
    }

    @ParameterizedTest
    @CsvSource({"false, 1", "true, 0"})
    void shouldMarkWhatItWritesAndNothingElse(boolean packed, String usedPage) {
        DriverRing driver = DriverRing.create(packed, image, SIZE);
        Ring ring = Ring.create(driver.setup(0), image.memory(), null, WRITE);
        driver.add(List.of(new Buffer(image.regionStart(0) + 0x4000, 0x3000, true)));
        publish(ring, 1, 100);
        assertEquals("", pages(), "there is no log yet");

        ring.setLog(log, -1);
        assertEquals("1", pages(), "event suppression, written before there was a log");
        driver.add(List.of(new Buffer(image.regionStart(0) + 0x4800, 0x3000, true)));
        publish(ring, 1, 0);
        assertEquals(usedPage, pages(), "no byte written");
        driver.add(List.of(new Buffer(image.regionStart(0) + 0x4800, 0x3000, true)));
        publish(ring, 1, 0x800);
        assertEquals(usedPage + " 4", pages());
        driver.add(List.of(new Buffer(image.regionStart(0) + 0x4800, 0x3000, true)));
        publish(ring, 1, 0x801);
        assertEquals(usedPage + " 4 5", pages());
        driver.add(List.of(
                new Buffer(image.regionStart(0) + 0x6FFF, 1, true),
                new Buffer(image.regionStart(0) + 0xA000, 0x1000, true),
                new Buffer(image.regionStart(0) + 0xB000, 0x1000, true)));
        publish(ring, 1, 0x1001);
        assertEquals(usedPage + " 6 10", pages(), "a chain, its last buffer untouched");
        ring.enableNotification(true);
        assertEquals("1", pages());
        ring.enableNotification(false);
        assertEquals("1", pages());

        ring.setLog(null, -1);
        driver.add(List.of(new Buffer(image.regionStart(0) + 0x4800, 0x3000, true)));
        publish(ring, 1, 0x801);
        ring.enableNotification(true);
        assertEquals("", pages(), "logging has ended");
    }

    @ParameterizedTest
    @CsvSource({"false, 7, 7", "true, 7, 0"})
    void shouldMarkTheUsedRingWhereTheFrontEndWantsIt(boolean packed, String eventPage, String usedPage) {
        DriverRing driver = DriverRing.create(packed, image, SIZE);
        Ring ring = Ring.create(driver.setup(0), image.memory(), null, 0);
        ring.setLog(log, GuestImage.BASE + 0x7000);
        assertEquals(eventPage, pages());
        driver.add(List.of(new Buffer(image.regionStart(0) + 0x4000, 16, false)));
        publish(ring, 1, 0);
        assertEquals(usedPage, pages());
        ring.enableNotification(true);
        assertEquals(eventPage, pages());
        // outside of memory, and outside of the log
        ring.setLog(log, 0x3000);
        pages();
        ring.setLog(log, Long.MAX_VALUE);
        ring.setLog(log, -4096);
        assertEquals("", pages());
    }

    @Test
    void shouldMarkBothEndsOfAUsedRingThatGoesRound() {
        // descriptors in pages 0 to 3, available ring in 4, used ring from 0x4808 to 0x680e
        SplitDriver driver = new SplitDriver(image, 1024, 1020);
        assertEquals(GuestImage.BASE + 0x4808, driver.usedGpa());
        Ring ring = Ring.create(driver.setup(0), image.memory(), null, 0);
        ring.setLog(log, -1);
        pages();
        for (int i = 0; i < 8; i++) {
            driver.add(List.of(new Buffer(GuestImage.BASE, 16, false)));
        }
        publish(ring, 8, 0);
        assertEquals("4 6", pages());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void shouldMarkBothEndsOfAPackedRingThatGoesRound(int chainLength) {
        DriverRing driver = DriverRing.create(true, image, 1024);
        Ring ring = Ring.create(driver.setup(0), image.memory(), null, 0);
        Buffer buffer = new Buffer(GuestImage.BASE, 16, false);
        for (int i = 0; i < 1022; i++) {
            driver.add(List.of(buffer));
        }
        publish(ring, 1022, 0);
        driver.collect();
        ring.setLog(log, -1);
        pages();
        for (int i = 0; i < 4; i++) {
            driver.add(Collections.nCopies(chainLength, buffer));
        }
        publish(ring, 4, 0);
        assertEquals("0 3", pages());
    }
}
