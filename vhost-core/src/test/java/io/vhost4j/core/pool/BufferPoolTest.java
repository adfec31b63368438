// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.pool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.core.linux.HugePages;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.lang.foreign.Arena;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(LeakCheck.class)
final class BufferPoolTest {
    private static BufferPool pool(int count) {
        return new BufferPool(PacketPool.builder().count(count));
    }

    @ParameterizedTest
    @CsvSource({"1,256", "3,256", "4,0", "64,8", "1000,256", "1000,0", "5000,4096"})
    void shouldHandOutEachBufferOnce(int count, int cache) {
        try (BufferPool pool = new BufferPool(PacketPool.builder().count(count).cacheSize(cache))) {
            for (int round = 0; round < 3; round++) {
                List<PooledPacket> all = new ArrayList<>();
                Set<Long> addresses = new HashSet<>();
                for (PooledPacket packet = pool.allocate(); packet != null; packet = pool.allocate()) {
                    all.add(packet);
                    addresses.add(packet.dataAddress());
                    assertEquals(128, packet.headroom());
                    assertEquals(2048, packet.tailroom());
                    assertEquals(1, packet.refCount());
                }
                assertEquals(count, all.size());
                assertEquals(count, addresses.size());
                assertEquals(count, pool.inUse());
                all.forEach(Packet::free);
                assertEquals(0, pool.inUse());
            }
        }
    }

    @Test
    void shouldAllocateInBulkAllOrNone() {
        try (BufferPool pool = pool(100)) {
            Packet[] packets = new Packet[120];
            assertFalse(pool.allocateBulk(packets, 0, 101));
            assertEquals(0, pool.inUse());
            assertTrue(pool.allocateBulk(packets, 5, 90));
            assertNull(packets[4]);
            assertNotNull(packets[94]);
            assertNull(packets[95]);
            assertFalse(pool.allocateBulk(packets, 95, 11));
            assertTrue(pool.allocateBulk(packets, 95, 10));
            pool.freeBulk(packets, 0, 120);
            for (Packet packet : packets) {
                assertNull(packet);
            }
            assertEquals(0, pool.inUse());
        }
    }

    @Test
    void shouldServeRandomUse() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (BufferPool pool = new BufferPool(PacketPool.builder().count(300).cacheSize(32))) {
            List<Packet> held = new ArrayList<>();
            for (int step = 0; step < 20_000; step++) {
                int n = 1 + random.nextInt(70);
                Packet[] some = new Packet[n];
                if (random.nextBoolean()) {
                    boolean enough = held.size() + n <= 300;
                    assertEquals(enough, pool.allocateBulk(some, 0, n), "seed " + seed);
                    if (enough) {
                        held.addAll(List.of(some));
                    }
                } else {
                    n = Math.min(n, held.size());
                    for (int i = 0; i < n; i++) {
                        some[i] = held.remove(random.nextInt(held.size()));
                    }
                    pool.freeBulk(some, 0, n);
                }
                assertEquals(held.size(), pool.inUse(), "seed " + seed);
            }
            held.forEach(Packet::free);
        }
    }

    @Test
    void shouldFreePacketsOfOtherPoolsToTheirOwn() {
        try (BufferPool one = pool(10);
                BufferPool two = pool(10)) {
            Packet[] mixed = {one.allocate(), two.allocate(), null, one.allocate()};
            one.freeBulk(mixed, 0, 4);
            assertEquals(0, one.inUse());
            assertEquals(0, two.inUse());
        }
    }

    @Test
    void shouldFreeInBulkAlsoWhatIsNotPlain() {
        try (BufferPool pool = new BufferPool(PacketPool.builder().count(64).cacheSize(8));
                Arena arena = Arena.ofConfined()) {
            Packet[] packets = new Packet[20];
            assertTrue(pool.allocateBulk(packets, 0, 20));
            Packet kept = packets[1];
            kept.retain();
            ((PooledPacket) packets[3]).setNext(pool.allocate());
            // its release uses the pool in the midst of it
            packets[5].attachExternal(
                    arena.allocate(64),
                    () -> Objects.requireNonNull(pool.allocate()).free());
            pool.freeBulk(packets, 0, 20);
            assertEquals(1, kept.refCount());
            assertEquals(1, pool.inUse());
            kept.free();
            assertHasAll(pool, 64);
        }
    }

    @Test
    void shouldLoseNothingIfOneWasFreedBefore() {
        try (BufferPool pool = pool(10)) {
            Packet[] packets = new Packet[6];
            assertTrue(pool.allocateBulk(packets, 0, 6));
            packets[2].free();
            assertThrows(IllegalStateException.class, () -> pool.freeBulk(packets, 0, 6));
            assertEquals(3, pool.inUse());
            pool.freeBulk(packets, 0, 6);
            assertHasAll(pool, 10);
        }
    }

    @Test
    void shouldDoNothingWithSlotsThatAreNotThere() {
        try (BufferPool pool = pool(10)) {
            Packet[] packets = new Packet[4];
            assertThrows(IndexOutOfBoundsException.class, () -> pool.allocateBulk(packets, 2, 3));
            assertThrows(IndexOutOfBoundsException.class, () -> pool.allocateBulk(packets, -1, 2));
            assertArrayEquals(new Packet[4], packets);
            assertHasAll(pool, 10);
            assertTrue(pool.allocateBulk(packets, 0, 4));
            assertThrows(IndexOutOfBoundsException.class, () -> pool.freeBulk(packets, 0, 5));
            assertThrows(IndexOutOfBoundsException.class, () -> pool.freeBulk(packets, 3, -1));
            assertEquals(4, pool.inUse());
            pool.freeBulk(packets, 0, 4);
            assertHasAll(pool, 10);
        }
    }

    @Test
    void shouldStopAtAPacketOfAnotherMaker() {
        try (BufferPool pool = pool(10)) {
            Packet[] packets = new Packet[6];
            assertTrue(pool.allocateBulk(packets, 0, 6));
            Packet own = packets[2];
            packets[2] = (Packet) Proxy.newProxyInstance(
                    Packet.class.getClassLoader(), new Class<?>[] {Packet.class}, (proxy, method, arguments) -> null);
            assertThrows(ClassCastException.class, () -> pool.freeBulk(packets, 0, 6));
            assertEquals(4, pool.inUse());
            packets[2] = own;
            pool.freeBulk(packets, 0, 6);
            assertHasAll(pool, 10);
        }
    }

    /** That all packets are free, and each is there once. */
    private static void assertHasAll(BufferPool pool, int count) {
        assertEquals(0, pool.inUse());
        Packet[] all = new Packet[count];
        assertTrue(pool.allocateBulk(all, 0, count));
        assertEquals(count, new HashSet<>(List.of(all)).size());
        pool.freeBulk(all, 0, count);
        assertEquals(0, pool.inUse());
    }

    @Test
    void shouldTakeBackWhatAnEndedThreadKept() throws InterruptedException {
        try (BufferPool pool = new BufferPool(PacketPool.builder().count(64).cacheSize(16))) {
            for (int i = 0; i < 10; i++) {
                Thread thread = Thread.ofPlatform().start(() -> {
                    Packet[] packets = new Packet[16];
                    assertTrue(pool.allocateBulk(packets, 0, 16));
                    pool.freeBulk(packets, 0, 16);
                });
                thread.join();
            }
            Packet[] all = new Packet[64];
            assertTrue(pool.allocateBulk(all, 0, 64));
            pool.freeBulk(all, 0, 64);
            assertEquals(0, pool.inUse());
        }
    }

    @Test
    void shouldPassPacketsBetweenThreads() throws InterruptedException {
        try (BufferPool pool = new BufferPool(PacketPool.builder().count(256).cacheSize(32))) {
            BlockingQueue<Packet> queue = new ArrayBlockingQueue<>(64);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            int count = 50_000;
            Thread consumer = Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < count; i++) {
                        Packet packet = queue.take();
                        assertEquals(i, packet.getInt(0));
                        packet.free();
                    }
                } catch (InterruptedException | RuntimeException | Error e) {
                    failure.set(e);
                }
            });
            for (int i = 0; i < count; i++) {
                Packet packet = pool.allocate();
                while (packet == null) {
                    Thread.onSpinWait();
                    packet = pool.allocate();
                }
                packet.append(4);
                packet.setInt(0, i);
                queue.put(packet);
            }
            consumer.join();
            assertNull(failure.get());
            assertEquals(0, pool.inUse());
        }
    }

    @Test
    void shouldNotCloseWhilePacketsAreInUse() {
        BufferPool pool = pool(10);
        Packet packet = pool.allocate();
        IllegalStateException e = assertThrows(IllegalStateException.class, pool::close);
        assertTrue(e.getMessage().contains("1 packets are in use"), e.getMessage());
        assertNotNull(packet);
        packet.append(10);
        packet.setInt(0, 5);
        packet.free();
        pool.close();
        pool.close();
    }

    @Test
    void shouldThrowAndNotCrashAfterClose() {
        BufferPool pool = pool(10);
        Packet packet = pool.allocate();
        assertNotNull(packet);
        packet.append(100);
        packet.free();
        pool.close();
        assertThrows(IndexOutOfBoundsException.class, () -> packet.getByte(0));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.setLong(8, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.append(1));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.prepend(1));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.copyTo(0, new byte[200], 0, 100));
        assertThrows(IllegalStateException.class, packet::free);
        assertNull(pool.allocate());
        assertFalse(pool.allocateBulk(new Packet[1], 0, 1));
    }

    @Test
    void shouldTellWherePacketsWereAllocated() {
        try (BufferPool pool = new BufferPool(PacketPool.builder().count(10).leakTracking(true))) {
            assertEquals(List.of(), pool.leaks());
            Packet kept = pool.allocate();
            Packet freed = pool.allocate();
            assertNotNull(freed);
            freed.free();
            assertEquals(1, pool.leaks().size());
            String text = pool.leaks().getFirst();
            assertTrue(text.contains("shouldTellWherePacketsWereAllocated"), text);
            assertTrue(text.contains(Thread.currentThread().getName()), text);
            assertNotNull(kept);
            kept.free();
            assertEquals(List.of(), pool.leaks());
        }
    }

    @Test
    void shouldShareItsMemoryAsAFile() {
        try (BufferPool pool = new BufferPool(PacketPool.builder().count(10).shared(true));
                Mapping other =
                        Mapping.map(pool.file(), 0, pool.lengthBytes(), Mapping.PROT_READ, Mapping.MAP_SHARED)) {
            PooledPacket packet = pool.allocate();
            assertNotNull(packet);
            packet.append(8);
            packet.setLong(0, 0x1122334455667788L);
            long offset = packet.dataAddress() - pool.baseAddress();
            assertEquals(0x8877665544332211L, HostWindow.getLong(other.address() + offset));
            packet.free();
        }
        try (BufferPool pool = pool(10)) {
            assertThrows(IllegalStateException.class, pool::file);
        }
    }

    @Test
    void shouldUseHugePages() {
        assumeTrue(HugePages.available() >= 1, "no free huge pages: sysctl vm.nr_hugepages");
        PacketPool.Builder settings = PacketPool.builder().count(100).hugePages(true);
        for (boolean shared : new boolean[] {false, true}) {
            try (BufferPool pool = new BufferPool(settings.shared(shared))) {
                Packet packet = pool.allocate();
                assertNotNull(packet);
                packet.free();
            }
        }
    }

    @Test
    void shouldSayWhatToDoWithoutHugePages() {
        PacketPool.Builder settings = PacketPool.builder().count(1 << 24).hugePages(true);
        for (boolean shared : new boolean[] {false, true}) {
            ConfigurationException e =
                    assertThrows(ConfigurationException.class, () -> new BufferPool(settings.shared(shared)));
            assertTrue(e.getMessage().contains("vm.nr_hugepages"), e.getMessage());
        }
    }
}
