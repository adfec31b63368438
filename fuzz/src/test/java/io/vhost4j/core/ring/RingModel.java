// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.DriverRing.Used;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.PackedDriver;
import io.vhost4j.core.testkit.SplitDriver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A driver, a ring, and what must come out of it: the chains that were offered, in that order. Positions are counted from the start
 * without end, in slots for packed and in chains for split rings.
 */
final class RingModel implements AutoCloseable {
    private static final int MAX_CHAIN = 6;
    private static final long DATA_BYTES = 0x6000;

    /** How a ring is made. */
    record Kind(boolean packed, int size, int start, boolean wrap, long features, boolean writable, boolean eventIdx) {}

    private record Chain(int token, List<Buffer> buffers, int positions) {}

    private final Kind kind;
    private final GuestImage image = GuestImage.of(0x3_0000, 0x1000, 0x1000, 0x1_0000);
    private final DriverRing driver;
    private final long tables;
    private final long data;
    private Ring ring;

    /** Offered and not given back. */
    private final Deque<Chain> waiting = new ArrayDeque<>();
    /** Given back and not collected, with the bytes that the device said. */
    private final Deque<Used> used = new ArrayDeque<>();

    private long offered;
    private long published;
    private long collected;
    private final Deque<Chain> uncollected = new ArrayDeque<>();
    /** Position up to which the driver was told. */
    private long told;

    private boolean fresh = true;
    /** The driver's wish: none, all, or one position. */
    private Wish wish = Wish.ALL;

    private long wishedPosition;
    private boolean deviceAsks;
    private boolean nothingWaitedWhenAsked;

    private enum Wish {
        NONE,
        ALL,
        POSITION
    }

    RingModel(Kind kind) {
        this.kind = kind;
        driver = kind.packed()
                ? new PackedDriver(image, kind.size(), kind.start() % kind.size(), kind.wrap())
                : new SplitDriver(image, kind.size(), kind.start());
        tables = image.allocate(16L * MAX_CHAIN * kind.size(), 16);
        data = image.regionStart(1) - DATA_BYTES / 2;
        ring = make(driver.setup(kind.features()));
        long first = kind.packed() ? kind.start() % kind.size() + (kind.wrap() ? 0 : kind.size()) : kind.start();
        offered = first;
        published = first;
        collected = first;
        told = first;
        if (kind.eventIdx()) {
            wantAfter(1);
        }
    }

    private Ring make(RingSetup setup) {
        return Ring.create(setup, image.memory(), null, kind.writable() ? 2 : 0);
    }

    /** Does one step; any number is one. */
    void step(int number) {
        int argument = number >>> 4;
        switch (number & 15) {
            case 0, 1, 2, 3 -> offer(argument, false);
            case 4, 5 -> offer(argument, true);
            case 6, 7, 8 -> serve(argument);
            case 9 -> look(argument);
            case 10 -> collect();
            case 11 -> notifyDriver();
            case 12 -> want(argument);
            case 13 -> ask(argument);
            case 14 -> restart();
            default -> serveWhole();
        }
        assertNull(ring.fault());
        assertEquals(waiting.size(), ring.available(), "chains available");
    }

    private void offer(int argument, boolean table) {
        boolean indirect = table && VirtioFeature.RING_INDIRECT_DESC.in(kind.features());
        int count = 1 + argument % MAX_CHAIN;
        if (driver.room() < (indirect ? 1 : count)) {
            return;
        }
        List<Buffer> buffers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long gpa = data + (argument * 31L + i * 4099L) % (DATA_BYTES - 0x1800);
            buffers.add(new Buffer(gpa, 1 + (argument >>> 3) * 7L % 0x1700, kind.writable()));
        }
        int token = indirect
                ? driver.addIndirect(buffers, tables + 16L * MAX_CHAIN * (offered % kind.size()))
                : driver.add(buffers);
        int positions = kind.packed() && !indirect ? count : 1;
        waiting.add(new Chain(token, buffers, positions));
        offered += positions;
        boolean told = driver.deviceWantsNotification(kind.eventIdx());
        if (!deviceAsks) {
            assertFalse(told, "the device did not ask to be notified");
        } else if (!kind.eventIdx() || nothingWaitedWhenAsked) {
            assertTrue(told, "the device asked to be notified");
        }
        nothingWaitedWhenAsked = false;
    }

    /** Looks at some chains and gives back some of them. */
    private void serve(int argument) {
        int wanted = 1 + argument % (kind.size() + 2);
        int chains = gather(wanted);
        if (chains > 0) {
            publish(1 + (argument >>> 8) % chains, argument);
        }
    }

    private void serveWhole() {
        int chains = gather(kind.size());
        if (chains > 0) {
            publish(chains, chains);
        }
    }

    private void look(int argument) {
        gather(1 + argument % kind.size());
    }

    private int gather(int wanted) {
        int chains = ring.gather(wanted);
        assertEquals(Math.min(wanted, waiting.size()), chains, "chains gathered");
        int index = 0;
        for (Chain chain : waiting) {
            if (index == chains) {
                break;
            }
            assertEquals(chain.token(), ring.batch().id[index], "id");
            assertEquals(joined(chain.buffers()), gathered(index), "buffers");
            index++;
        }
        return chains;
    }

    /** Adjacent ranges joined: how they are cut is the ring's affair. */
    private static List<Buffer> joined(List<Buffer> parts) {
        List<Buffer> all = new ArrayList<>();
        for (Buffer part : parts) {
            Buffer last = all.isEmpty() ? null : all.getLast();
            if (last != null && last.gpa() + last.bytes() == part.gpa()) {
                all.set(all.size() - 1, new Buffer(last.gpa(), last.bytes() + part.bytes(), true));
            } else {
                all.add(new Buffer(part.gpa(), part.bytes(), true));
            }
        }
        return all;
    }

    private List<Buffer> gathered(int chain) {
        ChainBatch batch = ring.batch();
        List<Buffer> parts = new ArrayList<>();
        long total = 0;
        for (int i = batch.firstSegment[chain]; i < batch.firstSegment[chain + 1]; i++) {
            parts.add(new Buffer(image.memory().toGuest(batch.address[i]), batch.length[i], true));
            total += batch.length[i];
        }
        assertEquals(total, batch.totalBytes(chain), "total");
        return joined(parts);
    }

    private void publish(int count, int seed) {
        for (int i = 0; i < count; i++) {
            int written = kind.writable() ? (seed + i) % 100 : 0;
            ring.batch().writtenBytes[i] = written;
            Chain chain = waiting.remove();
            used.add(new Used(chain.token(), written));
            uncollected.add(chain);
            published += chain.positions();
        }
        ring.publish(count);
        assertTrue(ring.hasUnannounced());
    }

    private void collect() {
        assertEquals(List.copyOf(used), driver.collect(), "used");
        used.clear();
        uncollected.forEach(chain -> collected += chain.positions());
        uncollected.clear();
    }

    /** virtio 1.2 §2.7.10, §2.8.10: with an event index, when its position is among those just used. */
    private void notifyDriver() {
        boolean expected = fresh
                || switch (wish) {
                    case ALL -> true;
                    case NONE -> false;
                    case POSITION -> passed();
                };
        boolean notified = ring.needsNotification();
        // a driver that offered more than a lap since it was told has looked at the ring after it made its wish
        if (!kind.packed() || published - told <= kind.size()) {
            assertEquals(
                    expected,
                    notified,
                    () -> "notification from " + told + " to " + published + ", wish " + wish + " " + wishedPosition);
        }
        told = published;
        fresh = false;
        assertFalse(ring.hasUnannounced());
    }

    private boolean passed() {
        long lap = kind.packed() ? 2L * kind.size() : 1 << 16;
        for (long position = told; position < published; position++) {
            if (Math.floorMod(position - wishedPosition, lap) == 0) {
                return true;
            }
        }
        return false;
    }

    private void want(int argument) {
        collect();
        switch (argument % 3) {
            case 0 -> {
                driver.wantNoNotification(kind.eventIdx());
                wish = kind.eventIdx() && !kind.packed() ? Wish.POSITION : Wish.NONE;
                wishedPosition = collected - 1;
            }
            case 1 -> {
                driver.wantNotification(kind.eventIdx());
                wish = kind.eventIdx() ? Wish.POSITION : Wish.ALL;
                wishedPosition = collected;
            }
            default -> {
                if (kind.eventIdx()) {
                    wantAfter(1 + (argument >>> 2) % kind.size());
                }
            }
        }
    }

    private void wantAfter(int positions) {
        driver.wantNotificationAfter(positions);
        wish = Wish.POSITION;
        wishedPosition = collected + positions - 1;
    }

    private void ask(int argument) {
        deviceAsks = (argument & 1) != 0;
        ring.enableNotification(deviceAsks);
        nothingWaitedWhenAsked = deviceAsks && waiting.isEmpty();
    }

    /** A new ring at the base where this one stopped. */
    private void restart() {
        ring = make(driver.setup(kind.features(), ring.base()));
        fresh = true;
        deviceAsks = false;
        nothingWaitedWhenAsked = false;
        told = published;
    }

    /** Serves what is left and has the driver collect all. */
    void finish() {
        serveWhole();
        assertEquals(0, waiting.size());
        collect();
        assertEquals(kind.size(), driver.room(), "free descriptors");
    }

    @Override
    public void close() {
        image.close();
    }
}
