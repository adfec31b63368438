// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.ring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.DriverRing.Used;
import io.vhost4j.core.testkit.GuestImage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What split and packed rings have to do alike, against a driver. */
abstract class RingContract extends RingFixture {
    @ParameterizedTest
    @MethodSource("sizes")
    void shouldServeSingleBuffersOverManyLaps(int size) {
        DriverRing driver = driver(size);
        Ring ring = ring(driver, 0, READ);
        Buffer buffer = filled(64, size);
        int rounds = size > 1000 ? 5 : 140_000 / (size + 20);
        for (int round = 0; round < rounds; round++) {
            int burst = Math.min(driver.room(), 1 + round % 37);
            List<Integer> tokens = new ArrayList<>();
            for (int i = 0; i < burst; i++) {
                tokens.add(driver.add(List.of(buffer)));
            }
            assertEquals(burst, ring.available());
            assertEquals(burst, ring.gather(64));
            assertArrayEquals(pattern(64, size), bytesOf(ring, burst - 1));
            publish(ring, burst, round % 5);
            List<Used> used = driver.collect();
            assertEquals(tokens, used.stream().map(Used::token).toList());
            assertEquals(burst - 1 + round % 5, used.getLast().writtenBytes());
            assertEquals(size, driver.room());
        }
        assertEquals(0, ring.gather(64));
        assertNull(ring.fault());
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void shouldTellOfABatchByItsLastChainWhereTheDriverKeepsOrder(int size) {
        DriverRing driver = driver(size);
        Ring ring = ring(driver, IN_ORDER, READ);
        Buffer buffer = filled(64, size);
        int rounds = size > 1000 ? 5 : 140_000 / (size + 20);
        for (int round = 0; round < rounds; round++) {
            List<Integer> tokens = new ArrayList<>();
            for (int left = 1 + round % 37; left > 0 && driver.room() > 0; left--) {
                int buffers = Math.min(driver.room(), 1 + left % 3);
                tokens.add(driver.add(Collections.nCopies(buffers, buffer)));
            }
            assertEquals(tokens.size(), ring.gather(64));
            publish(ring, tokens.size(), 1 - tokens.size());
            List<Used> used = driver.collectInOrder();
            assertEquals(tokens, used.stream().map(Used::token).toList());
            assertEquals(
                    Math.min(1, tokens.size() - 1),
                    used.stream()
                            .filter(chain -> chain.writtenBytes() == -1)
                            .limit(1)
                            .count(),
                    "chains that are told of by the last of a batch only");
            assertEquals(size, driver.room());
        }
        assertNull(ring.fault());
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void shouldTellOfEachWrittenChainAlsoWhereTheDriverKeepsOrder(int size) {
        DriverRing driver = driver(size);
        Ring ring = ring(driver, IN_ORDER, WRITE);
        Buffer buffer = new Buffer(image.allocate(64, 1), 64, true);
        for (int round = 0; round < 100; round++) {
            int burst = Math.min(driver.room(), 1 + round % 37);
            for (int i = 0; i < burst; i++) {
                driver.add(List.of(buffer));
            }
            assertEquals(burst, ring.gather(64));
            publish(ring, burst, 5);
            List<Used> used = driver.collectInOrder();
            for (int i = 0; i < burst; i++) {
                assertEquals(i + 5, used.get(i).writtenBytes());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void shouldServeAFullRingAndOneChainOfAllDescriptors(int size) {
        DriverRing driver = driver(size);
        Ring ring = ring(driver, 0, READ);
        Buffer buffer = filled(3, 1);
        for (int lap = 0; lap < 3; lap++) {
            for (int i = 0; i < size; i++) {
                driver.add(List.of(buffer));
            }
            assertEquals(size, ring.available());
            assertEquals(size, ring.gather(size));
            publish(ring, size, 0);
            assertEquals(size, driver.collect().size());

            List<Buffer> all = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                all.add(buffer);
            }
            driver.add(all);
            assertEquals(1, ring.gather(size));
            assertEquals(3L * size, ring.batch().totalBytes(0));
            assertEquals(size, ring.batch().firstSegment[1]);
            publish(ring, 1, 77);
            assertEquals(77, driver.collect().getFirst().writtenBytes());
        }
        assertNull(ring.fault());
    }

    @Test
    void shouldNotMoveOnByLooking() {
        DriverRing driver = driver(8);
        Ring ring = ring(driver, 0, READ);
        driver.add(List.of(filled(10, 1)));
        driver.add(List.of(filled(20, 2), filled(30, 3)));
        driver.add(List.of(filled(40, 4)));
        assertEquals(2, ring.gather(2));
        assertEquals(3, ring.gather(8));
        publish(ring, 2, 1);
        assertEquals(2, driver.collect().size());
        assertEquals(1, ring.gather(8));
        assertArrayEquals(pattern(40, 4), bytesOf(ring, 0));
    }

    @Test
    void shouldPassOverEmptyBuffers() {
        DriverRing driver = driver(8);
        Ring ring = ring(driver, 0, READ);
        driver.add(List.of(new Buffer(0, 0, false), filled(5, 1), new Buffer(-1, 0, false), filled(6, 2)));
        driver.add(List.of(new Buffer(image.end(), 0, false)));
        assertEquals(2, ring.gather(8));
        assertEquals(11, ring.batch().totalBytes(0));
        assertEquals(2, ring.batch().firstSegment[1]);
        assertEquals(0, ring.batch().totalBytes(1));
        publish(ring, 2, 0);
        assertEquals(2, driver.collect().size());
    }

    @Test
    void shouldCutBuffersAtBordersOfRegions() {
        DriverRing driver = driver(8);
        Ring ring = ring(driver, 0, READ);
        long gpa = image.regionStart(1) - 100;
        // all of region 1, and more on both sides
        int bytes = (1 << 20) + 300;
        byte[] data = pattern(bytes, 9);
        image.write(gpa, data);
        driver.add(List.of(new Buffer(gpa, 200, false)));
        driver.add(List.of(new Buffer(gpa, bytes, false)));
        assertEquals(2, ring.gather(8));
        assertArrayEquals(java.util.Arrays.copyOf(data, 200), bytesOf(ring, 0));
        assertArrayEquals(data, bytesOf(ring, 1));
        assertEquals(2 + 3, ring.batch().firstSegment[2]);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 7, 8, 15})
    void shouldReadTablesAtAnyAddress(int misalignment) {
        DriverRing driver = driver(4);
        Ring ring = ring(driver, INDIRECT, READ);
        long table = image.allocate(16 * 5 + 16, 16) + misalignment;
        driver.addIndirect(List.of(filled(1, 1), filled(20, 2), filled(300, 3), filled(4, 4), filled(5, 5)), table);
        assertEquals(1, ring.gather(8));
        assertArrayEquals(joined(1, 20, 300, 4, 5), bytesOf(ring, 0));
        publish(ring, 1, 0);
        assertEquals(1, driver.collect().size());
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 40, 33, 1, 79})
    void shouldReadTablesThatCrossRegions(int before) {
        DriverRing driver = driver(4);
        Ring ring = ring(driver, INDIRECT, READ);
        List<Buffer> buffers = List.of(filled(1, 1), filled(20, 2), filled(300, 3), filled(4, 4), filled(5, 5));
        driver.addIndirect(buffers, image.allocateAcrossBorder(16 * 5, before));
        assertEquals(1, ring.gather(8));
        assertArrayEquals(joined(1, 20, 300, 4, 5), bytesOf(ring, 0));
    }

    /** Patterns of these lengths with seeds from 1 on. */
    static byte[] joined(int... lengths) {
        java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
        for (int i = 0; i < lengths.length; i++) {
            all.writeBytes(pattern(lengths[i], i + 1));
        }
        return all.toByteArray();
    }

    @Test
    void shouldTakeTablesLongerThanTheRing() {
        DriverRing driver = driver(2);
        Ring ring = ring(driver, INDIRECT, READ);
        List<Buffer> buffers = new ArrayList<>();
        for (int i = 0; i < 1024; i++) {
            buffers.add(filled(2, i));
        }
        driver.addIndirect(buffers, image.allocate(16 * 1024, 16));
        assertEquals(1, ring.gather(8));
        assertEquals(2048, ring.batch().totalBytes(0));
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void shouldGoOnWhereItStopped(int size) {
        DriverRing driver = driver(size);
        Random random = new Random(size);
        Buffer buffer = filled(8, 0);
        Ring ring = ring(driver, 0, READ);
        for (int round = 0; round < 60; round++) {
            int burst = 1 + random.nextInt(Math.min(size, 50));
            for (int i = 0; i < burst; i++) {
                driver.add(List.of(buffer));
            }
            int first = random.nextInt(burst + 1);
            if (first > 0) {
                ring.gather(first);
                publish(ring, first, 0);
            }
            int base = ring.base();
            ring = Ring.create(driver.setup(0, base), image.memory(), null, READ);
            assertEquals(base, ring.base());
            if (first < burst) {
                assertEquals(burst - first, ring.gather(size));
                publish(ring, burst - first, 0);
            }
            assertEquals(burst, driver.collect().size());
        }
        assertEquals(0, ring.gather(1));
    }

    @Test
    void shouldSayOnceThatItIsToNotifyAfterAStart() {
        DriverRing driver = driver(8);
        Buffer buffer = filled(8, 0);
        for (long features : new long[] {0, EVENT_IDX}) {
            Ring ring = ring(driver, features, READ);
            driver.wantNoNotification(features != 0);
            assertFalse(ring.hasUnannounced());
            useOne(driver, ring, buffer);
            assertTrue(ring.hasUnannounced());
            assertTrue(ring.needsNotification(), "the first");
            assertFalse(ring.hasUnannounced());
            driver.wantNoNotification(features != 0);
            useOne(driver, ring, buffer);
            assertFalse(ring.needsNotification(), "the second");
        }
    }

    private static void useOne(DriverRing driver, Ring ring, Buffer buffer) {
        driver.add(List.of(buffer));
        assertEquals(1, ring.gather(1));
        publish(ring, 1, 0);
        assertEquals(1, driver.collect().size());
    }

    @Test
    void shouldHeedTheFlags() {
        DriverRing driver = driver(8);
        Buffer buffer = filled(8, 0);
        Ring ring = ring(driver, 0, READ);
        useOne(driver, ring, buffer);
        ring.needsNotification();
        for (int i = 0; i < 40; i++) {
            boolean wanted = i % 3 == 0;
            if (wanted) {
                driver.wantNotification(false);
            } else {
                driver.wantNoNotification(false);
            }
            useOne(driver, ring, buffer);
            assertEquals(wanted, ring.needsNotification(), "round " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void shouldHeedTheEventIndexOverLaps(int size) {
        DriverRing driver = driver(size);
        Random random = new Random(size);
        Buffer buffer = filled(8, 0);
        Ring ring = ring(driver, EVENT_IDX, READ);
        useOne(driver, ring, buffer);
        ring.needsNotification();
        int rounds = size > 100 ? 50 : 8000;
        for (int round = 0; round < rounds; round++) {
            int burst = 1 + random.nextInt(Math.min(size, 60));
            int event = 1 + random.nextInt(size);
            driver.wantNotificationAfter(event);
            for (int i = 0; i < burst; i++) {
                driver.add(List.of(buffer));
            }
            // in one or two steps: only the step that passes the event asks for a notification
            int first = random.nextInt(burst);
            boolean asked = false;
            if (first > 0) {
                ring.gather(first);
                publish(ring, first, 0);
                asked = ring.needsNotification();
                assertEquals(first >= event, asked, "round " + round);
            }
            assertEquals(burst - first, ring.gather(size));
            publish(ring, burst - first, 0);
            assertEquals(burst >= event && !asked, ring.needsNotification(), "round " + round + ": event " + event);
            assertEquals(burst, driver.collect().size());
        }
    }

    @Test
    void shouldAskToBeNotifiedOrNot() {
        for (long features : new long[] {0, EVENT_IDX}) {
            DriverRing driver = driver(8);
            Buffer buffer = filled(8, 0);
            Ring ring = ring(driver, features, READ);
            boolean eventIdx = features != 0;
            for (int i = 0; i < 50; i++) {
                boolean wanted = i % 4 < 2;
                ring.enableNotification(wanted);
                for (int j = 0; j <= i % 3; j++) {
                    driver.add(List.of(buffer));
                }
                assertEquals(wanted, driver.deviceWantsNotification(eventIdx), "round " + i);
                int count = ring.gather(8);
                publish(ring, count, 0);
                driver.collect();
            }
        }
    }

    @Test
    void shouldNotAskToBeNotifiedAtFirst() {
        for (long features : new long[] {0, EVENT_IDX}) {
            DriverRing driver = driver(8);
            ring(driver, features, READ);
            driver.add(List.of(filled(8, 0)));
            assertFalse(driver.deviceWantsNotification(features != 0));
        }
    }

    @Test
    void shouldServeRandomSequences() {
        long seed = System.nanoTime();
        for (int run = 0; run < 40; run++) {
            try {
                serveRandomSequence(seed + run);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + (seed + run) + ": " + e, e);
            }
        }
    }

    private void serveRandomSequence(long seed) {
        Random random = new Random(seed);
        image.close();
        image = GuestImage.of(1 << 18, 1 << 16, 1 << 16);
        int size = 1 << random.nextInt(8);
        DriverRing driver = driver(size);
        boolean writes = random.nextBoolean();
        Ring ring = ring(driver, INDIRECT | EVENT_IDX, writes ? WRITE : READ);
        long arena = image.allocate(1, 1);
        long table = image.allocate(16 * 64, 1);
        long room = image.end() - image.allocate(0, 1);
        long buffersFrom = image.end() - room;
        ArrayDeque<List<Buffer>> pending = new ArrayDeque<>();
        ArrayDeque<Integer> tokens = new ArrayDeque<>();
        assertTrue(arena > 0);
        for (int step = 0; step < 300; step++) {
            boolean indirect = random.nextInt(4) == 0 && pending.isEmpty();
            int most = indirect ? 64 : Math.min(driver.room(), 9);
            if (most > 0 && driver.room() > 0 && random.nextInt(3) > 0) {
                List<Buffer> chain = new ArrayList<>();
                int count = 1 + random.nextInt(most);
                for (int i = 0; i < count; i++) {
                    int bytes = random.nextInt(5) == 0 ? 0 : random.nextInt(3000);
                    chain.add(new Buffer(buffersFrom + random.nextLong(room - bytes), bytes, writes));
                }
                tokens.add(indirect ? driver.addIndirect(chain, table) : driver.add(chain));
                pending.add(chain);
            } else {
                serveSome(random, driver, ring, pending, tokens);
            }
        }
        assertNull(ring.fault());
    }

    private void serveSome(
            Random random, DriverRing driver, Ring ring, ArrayDeque<List<Buffer>> pending, ArrayDeque<Integer> tokens) {
        assertEquals(pending.size(), ring.available());
        int gathered = ring.gather(1 + random.nextInt(70));
        assertTrue(gathered > 0 || pending.isEmpty());
        int count = gathered == 0 ? 0 : 1 + random.nextInt(gathered);
        for (int chain = 0; chain < count; chain++) {
            java.io.ByteArrayOutputStream expected = new java.io.ByteArrayOutputStream();
            for (Buffer buffer : pending.remove()) {
                expected.writeBytes(image.read(buffer.gpa(), (int) buffer.bytes()));
            }
            assertArrayEquals(expected.toByteArray(), bytesOf(ring, chain));
        }
        if (count > 0) {
            publish(ring, count, 100);
            List<Used> used = driver.collect();
            assertEquals(count, used.size());
            for (int i = 0; i < count; i++) {
                assertEquals(new Used(tokens.remove(), i + 100), used.get(i));
            }
        }
    }

    // ---- what no driver should do: the chain is of no use, the ring goes on ----

    private void assertUseless(long features, int direction, Buffer... buffers) {
        DriverRing driver = driver(8);
        Ring ring = ring(driver, features, direction);
        Buffer good = new Buffer(image.allocate(32, 1), 32, direction == WRITE);
        driver.add(List.of(good));
        driver.add(List.of(buffers));
        driver.add(List.of(good, good));
        assertEquals(3, ring.gather(8));
        ChainBatch batch = ring.batch();
        assertEquals(32, batch.totalBytes(0));
        assertEquals(ChainBatch.BAD, batch.totalBytes(1));
        assertEquals(batch.firstSegment[1], batch.firstSegment[2], "a useless chain has no segments");
        assertEquals(64, batch.totalBytes(2));
        assertNull(ring.fault());
        publish(ring, 3, 0);
        assertEquals(3, driver.collect().size());
    }

    @Test
    void shouldNotUseAddressesOutsideGuestMemory() {
        Buffer good = filled(10, 1);
        long end = image.end();
        for (Buffer bad : List.of(
                new Buffer(0, 1, false),
                new Buffer(end, 1, false),
                new Buffer(end - 1, 2, false),
                new Buffer(GuestImage.BASE - 1, 2, false),
                new Buffer(-1, 1, false),
                new Buffer(-1, 0xFFFF_FFFFL, false),
                new Buffer(-16, 32, false),
                new Buffer(Long.MAX_VALUE, 100, false),
                new Buffer(Long.MIN_VALUE, 100, false),
                new Buffer(GuestImage.BASE, 0xFFFF_FFFFL, false),
                new Buffer(GuestImage.BASE + 1, 0x8000_0000L, false))) {
            assertUseless(0, READ, bad);
            assertUseless(0, READ, good, bad);
            assertUseless(0, READ, bad, good);
        }
    }

    @Test
    void shouldNotUseBuffersOfTheWrongDirection() {
        Buffer readable = filled(10, 1);
        Buffer writable = new Buffer(readable.gpa(), 10, true);
        assertUseless(0, READ, writable);
        assertUseless(0, READ, readable, writable);
        assertUseless(0, WRITE, readable);
        assertUseless(0, WRITE, readable, writable);
        assertUseless(0, WRITE, writable, readable, writable);
    }

    /** Writes a descriptor that refers to a table, as the next available one; the driver cannot collect it. */
    abstract void offerTable(DriverRing driver, long table, long bytes, int extraFlags);

    /** Writes an entry of a table that is the last one. */
    void tableEntry(long table, int entry, long gpa, long bytes, int flags, int next) {
        long at = table + 16L * entry;
        image.set(at, 8, gpa);
        image.set(at + 8, 4, bytes);
        image.set(at + 12, 2, packed() ? 0 : flags);
        image.set(at + 14, 2, packed() ? flags : next);
    }

    void assertTableUseless(long features, long table, long bytes, int extraFlags) {
        DriverRing driver = driver(4);
        Ring ring = ring(driver, features, READ);
        offerTable(driver, table, bytes, extraFlags);
        assertEquals(1, ring.gather(8));
        assertEquals(ChainBatch.BAD, ring.batch().totalBytes(0));
        assertNull(ring.fault());
        publish(ring, 1, 0);
    }

    @Test
    void shouldNotUseBadTables() {
        long table = image.allocate(16 * 8, 16);
        for (int i = 0; i < 8; i++) {
            tableEntry(table, i, GuestImage.BASE, 10, 0, 0);
        }
        assertTableUseless(INDIRECT, table, 0, 0);
        assertTableUseless(INDIRECT, table, 15, 0);
        assertTableUseless(INDIRECT, table, 17, 0);
        assertTableUseless(INDIRECT, table, 16 * 1025, 0);
        assertTableUseless(INDIRECT, table, 0xFFFF_FFF0L, 0);
        assertTableUseless(INDIRECT, image.end(), 16, 0);
        assertTableUseless(INDIRECT, -16, 16, 0);
        assertTableUseless(INDIRECT, -8, 32, 0);
        assertTableUseless(0, table, 16, 0);
        tableEntry(table, 0, image.end(), 10, 0, 0);
        assertTableUseless(INDIRECT, table, 16, 0);
    }

    @Test
    void shouldNotFollowATableInATable() {
        long table = image.allocate(16 * 8, 16);
        tableEntry(table, 0, table, 16, 4, 0);
        assertTableUseless(INDIRECT, table, 16, 0);
    }

    @Test
    void shouldIgnoreTheWriteFlagOfATable() {
        long table = image.allocate(16, 16);
        tableEntry(table, 0, GuestImage.BASE, 10, 0, 0);
        DriverRing driver = driver(4);
        Ring ring = ring(driver, INDIRECT, READ);
        offerTable(driver, table, 16, WRITE);
        assertEquals(1, ring.gather(8));
        assertEquals(10, ring.batch().totalBytes(0));
    }

    @Test
    void shouldLookAtABoundedNumberOfTableEntriesAtATime() {
        // many chains of one long table: each is fine, all together would take memory and time without limit
        DriverRing driver = driver(1024);
        Ring ring = ring(driver, INDIRECT, READ);
        long table = image.allocate(16 * 1024, 16);
        for (int i = 0; i < 1024; i++) {
            tableEntry(table, i, GuestImage.BASE, 1, i < 1023 && !packed() ? 1 : 0, i + 1);
        }
        for (int i = 0; i < 1024; i++) {
            offerTable(driver, table, 16 * 1024, 0);
        }
        for (int left = 1024; left > 0; left -= 64) {
            assertEquals(64, ring.gather(1024));
            assertEquals(1024, ring.batch().totalBytes(63));
            publish(ring, 64, 0);
        }
        assertNull(ring.fault());
    }
}
