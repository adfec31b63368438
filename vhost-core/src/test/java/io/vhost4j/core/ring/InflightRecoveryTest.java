// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostException;
import io.vhost4j.core.layout.InflightLayout;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.DriverRing.Used;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.MockedStatic;
import org.mockito.Mockito;
import org.mockito.invocation.InvocationOnMock;

/** What is in the in-flight buffer, and what a ring makes of it after the process before died at any of its stores. */
@Tag("instruments")
@ExtendWith(LeakCheck.class)
class InflightRecoveryTest {
    private static final int SIZE = 8;
    private static final long SEED = Long.getLong("vhost4j.test.seed", 20_240_229L);

    private GuestImage image;
    private long region;
    private int regionBytes;
    private boolean keepsAccount = true;

    /** The first mock attaches an agent, which keeps a socket open. */
    @BeforeAll
    static void attach() {
        Mockito.mockStatic(HostWindow.class).close();
    }

    @BeforeEach
    void map() {
        image = GuestImage.of(1 << 16);
    }

    @AfterEach
    void unmap() {
        image.close();
    }

    private DriverRing driver(boolean packed) {
        regionBytes = (int) InflightLayout.queueBytes(packed, SIZE);
        region = image.allocateWhole(regionBytes, 64);
        return DriverRing.create(packed, image, SIZE);
    }

    private Ring start(DriverRing driver) {
        Ring ring = Ring.create(driver.setup(0), image.memory(), null, 0);
        if (keepsAccount) {
            ring.track(image.host(region, regionBytes));
        } else {
            ring.resumeAtUsed();
        }
        return ring;
    }

    private static void publish(Ring ring, int count) {
        for (int i = 0; i < count; i++) {
            ring.batch().writtenBytes[i] = 0;
        }
        ring.publish(count);
    }

    private String hex(int from, int bytes) {
        return HexFormat.of().formatHex(image.read(region + from, bytes));
    }

    // ---- layout, after the tables of the specification ----

    @Test
    void shouldLayOutASplitRegionAsSpecified() {
        DriverRing driver = driver(false);
        assertEquals(192, regionBytes, "16 + 8 * 16 bytes, in whole cache lines");
        Ring ring = start(driver);
        // features (the specification has 0 so far; bit 63: they are known), version, descriptors, last batch head,
        // used
        // index
        assertEquals("0000000000000080" + "0100" + "0800" + "0000" + "0000", hex(0, 16));
        driver.add(List.of(new Buffer(GuestImage.BASE, 4, false)));
        driver.add(List.of(new Buffer(GuestImage.BASE, 4, false)));
        assertEquals(2, ring.gather(8));
        publish(ring, 2);
        assertEquals("0000000000000080" + "0100" + "0800" + "0100" + "0200", hex(0, 16));
        // entry: in flight, padding, next of the batch, counter
        assertEquals("00" + "0000000000" + "0000" + "0100000000000000", hex(16, 16));
        assertEquals("00" + "0000000000" + "0000" + "0200000000000000", hex(32, 16));
        assertEquals("00".repeat(16), hex(48, 16));
    }

    @Test
    void shouldLayOutAPackedRegionAsSpecified() {
        DriverRing driver = driver(true);
        assertEquals(320, regionBytes, "32 + 8 * 32 bytes, in whole cache lines");
        Ring ring = start(driver);
        // features (the specification has 0 so far; bit 63: they are known), version, descriptors, free head and old,
        // used
        // index and old, wrap counter and old
        assertEquals(
                "0000000004000080" + "0100" + "0800" + "0000" + "0000" + "0000" + "0000" + "01" + "01", hex(0, 22));
        for (int i = 0; i < SIZE; i++) {
            assertEquals(i + 1, image.get(region + 32 + 32L * i + 2, 2), "next of free entry " + i);
        }
        int id = driver.add(
                List.of(new Buffer(GuestImage.BASE, 0x11, false), new Buffer(GuestImage.BASE + 8, 0x22, false)));
        assertEquals(1, ring.gather(8));
        publish(ring, 1);
        assertEquals(
                "0000000004000080" + "0100" + "0800" + "0000" + "0000" + "0200" + "0200" + "01" + "01", hex(0, 22));
        // in flight, padding, next, last, number, counter; id, flags (available, next), length, address
        assertEquals("00" + "00" + "0100" + "0100" + "0200" + "0100000000000000", hex(32, 16));
        // the driver's id counts in the last descriptor only; its first has another
        assertEquals("adde" + "8100" + "11000000" + "0000004000000000", hex(48, 16));
        String idBytes = HexFormat.of().toHexDigits((byte) id) + "00";
        assertEquals(idBytes + "8000" + "22000000" + "0800004000000000", hex(80, 16));
    }

    // ---- death at every store ----

    /** The back-end's process ends: nothing that it has not stored will be. */
    @SuppressWarnings("serial")
    private static final class Death extends Error {
        Death() {
            super("the process died", null, false, false);
        }
    }

    /** Lets a number of stores of the device happen, and then no more. */
    private static final class Stores {
        private int left = -1;

        Object pass(InvocationOnMock call) throws Throwable {
            String name = call.getMethod().getName();
            if (left >= 0 && (name.startsWith("set") || name.startsWith("or"))) {
                if (left == 0) {
                    throw new Death();
                }
                left--;
            }
            return call.callRealMethod();
        }
    }

    /** Chains that are with the device, oldest first, and what the driver got back. */
    private static final class Guest {
        private final DriverRing driver;
        private final List<Integer> outstanding = new ArrayList<>();

        Guest(DriverRing driver) {
            this.driver = driver;
        }

        void fill(Random random) {
            while (driver.room() > 0) {
                int buffers = 1 + random.nextInt(Math.min(3, driver.room()));
                List<Buffer> chain = new ArrayList<>();
                for (int i = 0; i < buffers; i++) {
                    chain.add(new Buffer(GuestImage.BASE + 64L * i, 16 + i, false));
                }
                outstanding.add(driver.add(chain));
            }
        }

        /** Fails if the device gave back a chain out of order, or one that it did not have. */
        int collect() {
            List<Used> got = driver.collect();
            for (Used used : got) {
                assertTrue(!outstanding.isEmpty(), "given back, but not with the device: " + used);
                assertEquals(outstanding.removeFirst(), used.token(), "chain given back");
            }
            return got.size();
        }
    }

    /** Some bursts; then the device dies after {@code stores} more stores. False if it had no need of so many. */
    private boolean dieAfter(boolean packed, int stores, Stores probe, Random random) {
        image.close();
        image = GuestImage.of(1 << 16);
        Guest guest = new Guest(driver(packed));
        Ring ring = start(guest.driver);
        boolean died = false;
        probe.left = -1;
        for (int round = 0; round < 3; round++) {
            guest.fill(random);
            publish(ring, Math.min(ring.gather(SIZE), 1 + random.nextInt(3)));
            guest.collect();
        }
        guest.fill(random);
        try {
            probe.left = stores;
            publish(ring, Math.min(ring.gather(SIZE), 4 + random.nextInt(3)));
        } catch (Death e) {
            died = true;
        } finally {
            probe.left = -1;
        }
        // the guest goes on while there is no back-end, if it happens to
        boolean alone = random.nextBoolean();
        if (alone) {
            guest.collect();
            guest.fill(random);
        }
        recoverAndFinish(guest, random, probe);
        return died;
    }

    /** The next process may die while it recovers, too. */
    private void recoverAndFinish(Guest guest, Random random, Stores probe) {
        probe.left = random.nextInt(12);
        Ring ring;
        try {
            ring = start(guest.driver);
        } catch (Death e) {
            probe.left = -1;
            ring = start(guest.driver);
        }
        probe.left = -1;
        int laps = 0;
        for (int idle = 0; idle < 3 && laps < 40; ) {
            // small bursts: what the process before left behind them must not be taken for given back
            int gathered = ring.gather(SIZE);
            assertEquals(null, ring.fault());
            if (gathered > 0) {
                publish(ring, 1);
            }
            idle = guest.collect() == 0 ? idle + 1 : 0;
            if (random.nextInt(4) > 0 && guest.driver.room() < SIZE) {
                guest.fill(random);
                laps++;
            }
        }
        drain(guest, ring);
    }

    private void drain(Guest guest, Ring ring) {
        for (int i = 0; i < 4 * SIZE && !guest.outstanding.isEmpty(); i++) {
            int gathered = ring.gather(SIZE);
            if (gathered > 0) {
                publish(ring, gathered);
            }
            guest.collect();
        }
        assertEquals(List.of(), guest.outstanding, "chains lost");
        assertEquals(0, ring.gather(SIZE), "chains that nobody made available");
        assertEquals(SIZE, guest.driver.room());
    }

    /** Split rings also without a buffer, in which case their used index says where to go on. */
    @ParameterizedTest
    @CsvSource({"false, true", "true, true", "false, false"})
    void shouldLoseNothingAndRepeatNothingAfterDeathAtAnyStore(boolean packed, boolean buffer) {
        keepsAccount = buffer;
        Stores probe = new Stores();
        try (MockedStatic<HostWindow> window = Mockito.mockStatic(HostWindow.class, probe::pass)) {
            assertNotNull(window);
            for (int run = 0; run < 2; run++) {
                int stores = 0;
                while (dieAt(packed, stores, probe, SEED + run)) {
                    stores++;
                }
                assertTrue(stores > (buffer ? 10 : 4), "stores of a burst: " + stores);
            }
        }
    }

    private boolean dieAt(boolean packed, int stores, Stores probe, long seed) {
        try {
            return dieAfter(packed, stores, probe, new Random(seed));
        } catch (AssertionError e) {
            throw new AssertionError("packed=" + packed + ", seed=" + seed + ", death after store " + stores, e);
        }
    }

    // ---- buffers that cannot be right ----

    @ParameterizedTest
    @CsvSource({
        "false, 8, 2, 2",
        "false, 8, 2, 65535",
        "false, 10, 2, 16",
        "false, 10, 2, 0",
        "true, 8, 2, 2",
        "true, 10, 2, 16",
        "true, 10, 2, 7",
        "true, 16, 2, 8",
        "true, 16, 2, 32767",
        "true, 18, 2, 8",
        "true, 18, 2, 65535"
    })
    void shouldRefuseABufferOfAnotherRing(boolean packed, int field, int bytes, int value) {
        DriverRing driver = driver(packed);
        start(driver);
        image.set(region + field, bytes, value);
        assertThrows(VhostException.class, () -> start(driver));
    }

    @Test
    void shouldRefuseMoreSlotsInFlightThanTheRingHas() {
        DriverRing driver = driver(true);
        start(driver);
        image.set(region + 14, 2, SIZE);
        image.setByte(region + 32, 1);
        image.set(region + 32 + 6, 2, SIZE + 1);
        assertThrows(VhostException.class, () -> start(driver));
    }

    /** Whatever is in the buffer, and whenever it changes: no exception while the ring works, and no access outside. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldSurviveABufferFullOfAnything(boolean packed) {
        Random random = new Random(SEED);
        for (int run = 0; run < 500; run++) {
            image.close();
            image = GuestImage.of(1 << 16);
            Guest guest = new Guest(driver(packed));
            start(guest.driver);
            guest.fill(random);
            scramble(random);
            try {
                Ring ring = start(guest.driver);
                for (int i = 0; i < 4; i++) {
                    scramble(random);
                    int gathered = ring.gather(SIZE);
                    if (gathered > 0) {
                        publish(ring, gathered);
                    }
                }
            } catch (VhostException e) {
                assertTrue(e.getMessage().startsWith("in-flight buffer: "), e.getMessage());
            }
        }
    }

    private void scramble(Random random) {
        int changes = 1 + random.nextInt(20);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(regionBytes);
            if (at < 8 || at > 11) {
                image.setByte(region + at, random.nextBoolean() ? random.nextInt(SIZE + 2) : random.nextInt(256));
            }
        }
    }

    @Test
    void shouldGoOnInTheOrderOfTheCounters() {
        DriverRing driver = driver(false);
        start(driver);
        int[] heads = new int[3];
        for (int i = 0; i < heads.length; i++) {
            heads[i] = driver.add(List.of(new Buffer(GuestImage.BASE, 4, false)));
        }
        long[] counters = {7, 5, 6};
        for (int i = 0; i < heads.length; i++) {
            image.setByte(region + 16 + 16L * heads[i], 1);
            image.set(region + 16 + 16L * heads[i] + 8, 8, counters[i]);
        }
        Ring ring = start(driver);
        assertEquals(3, ring.gather(SIZE));
        assertArrayEquals(
                new int[] {heads[1], heads[2], heads[0]},
                new int[] {ring.batch().id[0], ring.batch().id[1], ring.batch().id[2]});
        assertEquals(0, ring.base(), "position before chains that are still to be served");
        publish(ring, 3);
        assertEquals(3, ring.base());
        driver.add(List.of(new Buffer(GuestImage.BASE, 4, false)));
        assertEquals(1, ring.gather(SIZE));
        publish(ring, 1);
        assertEquals(8, image.get(region + 16 + 16L * 3 + 8, 8), "the count goes on from the highest");
    }
}
