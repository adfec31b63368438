// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.DriverRing.Used;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rings whose chains have buffers to read and buffers to write. */
abstract class EitherRingContract extends RingFixture {
    @Test
    void shouldTakeBuffersToReadBeforeBuffersToWrite() {
        DriverRing driver = driver(16);
        Ring ring = ring(driver, INDIRECT | IN_ORDER, Ring.EITHER);
        Buffer readable = filled(10, 1);
        Buffer writable = new Buffer(image.allocate(7, 1), 7, true);
        Buffer across = new Buffer(image.allocateAcrossBorder(100, 30), 100, true);
        driver.add(List.of(readable, readable, writable));
        driver.add(List.of(readable));
        driver.add(List.of(writable));
        driver.addIndirect(List.of(readable, across, writable), image.allocate(48, 16));
        driver.add(List.of(writable, readable));
        driver.add(List.of(readable, writable, readable, writable));
        assertEquals(6, ring.gather(16));
        ChainBatch batch = ring.batch();
        long[] totals = {27, 10, 7, 117, ChainBatch.BAD, ChainBatch.BAD};
        int[] readableSegments = {2, 1, 0, 1, 0, 0};
        int[] segments = {3, 1, 1, 4, 0, 0};
        for (int chain = 0; chain < 6; chain++) {
            assertEquals(totals[chain], batch.totalBytes(chain));
            int first = batch.firstSegment[chain];
            assertEquals(readableSegments[chain], batch.firstWritable[chain] - first, "chain " + chain);
            assertEquals(segments[chain], batch.firstSegment[chain + 1] - first, "chain " + chain);
        }
        publish(ring, 6, 0);
        assertEquals(
                List.of(0L, 1L, 2L, 3L, 4L, 5L),
                driver.collect().stream().map(Used::writtenBytes).toList(),
                "each chain's own length, also in order");
    }

    @Test
    void shouldLogWhatMayBeWrittenOfAChainOfBothKinds() {
        DriverRing driver = driver(16);
        Ring ring = ring(driver, 0, Ring.EITHER);
        long readGpa = image.allocate(4096, 4096);
        long writeGpa = image.allocate(3 * 4096, 4096);
        try (OwnedFd file = MemFd.create("log", 1 << 20)) {
            DirtyLog log = DirtyLog.map(file, 1 << 20, 0);
            ring.setLog(log, -1);
            driver.add(List.of(new Buffer(readGpa, 4096, false), new Buffer(writeGpa, 2 * 4096, true)));
            assertEquals(1, ring.gather(16));
            ring.batch().writtenBytes[0] = 1;
            ring.publish(1);
            assertFalse(marked(log, readGpa));
            assertTrue(marked(log, writeGpa));
            assertTrue(marked(log, writeGpa + 4096));
            assertFalse(marked(log, writeGpa + 8192));
            log.release();
        }
    }

    private static boolean marked(DirtyLog log, long gpa) {
        long page = gpa / 4096;
        return (log.bits().get(ValueLayout.JAVA_BYTE, page / 8) >> page % 8 & 1) != 0;
    }
}
