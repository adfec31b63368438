// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.pool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketFlags;
import io.vhost4j.packet.PacketPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class PooledPacketTest {
    private final BufferPool pool =
            new BufferPool(PacketPool.builder().count(64).dataRoom(256).headroom(32));

    @AfterEach
    void close() {
        assertEquals(0, pool.inUse());
        pool.close();
    }

    private PooledPacket packet(int bytes) {
        PooledPacket packet = Objects.requireNonNull(pool.allocate());
        packet.append(bytes);
        for (int i = 0; i < bytes; i++) {
            packet.setByte(i, (byte) i);
        }
        return packet;
    }

    @Test
    void shouldReadAndWriteInNetworkOrderWithinItsData() {
        PooledPacket packet = packet(16);
        packet.setShort(0, 0x1FFFE);
        packet.setInt(2, 0x01020304);
        packet.setLong(6, 0x1112131415161718L);
        assertEquals(0xFFFE, packet.getUnsignedShort(0));
        assertEquals(1, packet.getByte(2));
        assertEquals(0x01020304, packet.getInt(2));
        assertEquals(0x18, packet.getByte(13));
        assertEquals(0x1112131415161718L, packet.getLong(6));
        for (int bad : new int[] {-1, 16, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThrows(IndexOutOfBoundsException.class, () -> packet.getByte(bad));
            assertThrows(IndexOutOfBoundsException.class, () -> packet.setByte(bad, (byte) 0));
        }
        assertThrows(IndexOutOfBoundsException.class, () -> packet.getUnsignedShort(15));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.getInt(13));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.getLong(9));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.setShort(15, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.setInt(13, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.setLong(9, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.getBytes(10, new byte[10], 0, 7));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.getBytes(0, new byte[10], 5, 6));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.setBytes(10, new byte[10], 0, 7));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.setBytes(0, new byte[4], 0, 5));
        assertEquals(16, packet.data().byteSize());
        packet.free();
    }

    @Test
    void shouldGrowAndShrinkWithinItsBuffer() {
        PooledPacket packet = packet(100);
        assertThrows(IndexOutOfBoundsException.class, () -> packet.append(157));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.append(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.prepend(33));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.prepend(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.adjust(101));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.adjust(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.trim(101));
        assertThrows(IndexOutOfBoundsException.class, () -> packet.trim(-1));
        packet.append(156);
        packet.prepend(32);
        assertEquals(288, packet.dataLength());
        assertEquals(288, packet.packetLength());
        assertEquals(0, packet.headroom());
        assertEquals(0, packet.tailroom());
        packet.adjust(35);
        assertEquals(3, packet.getByte(0));
        packet.trim(253);
        assertEquals(0, packet.packetLength());
        packet.free();
    }

    @Test
    void shouldChain() {
        PooledPacket first = packet(10);
        PooledPacket second = packet(20);
        PooledPacket third = packet(30);
        second.chain(third);
        first.chain(second);
        assertEquals(60, first.packetLength());
        assertEquals(3, first.segmentCount());
        byte[] some = new byte[45];
        first.copyTo(5, some, 0, 45);
        assertEquals(5, some[0]);
        assertEquals(0, some[5]);
        assertEquals(19, some[24]);
        assertEquals(0, some[25]);
        assertThrows(IndexOutOfBoundsException.class, () -> first.copyTo(16, new byte[60], 0, 45));
        first.append(5);
        assertEquals(35, third.dataLength());
        first.trim(35);
        assertEquals(30, first.packetLength());
        assertThrows(IllegalArgumentException.class, () -> first.chain(first));
        first.free();
    }

    @Test
    void shouldThrowWhenFreedTwice() {
        PooledPacket packet = packet(10);
        packet.free();
        assertThrows(IllegalStateException.class, packet::free);
        assertThrows(IllegalStateException.class, packet::retain);
        assertEquals(0, pool.inUse());
    }

    @Test
    void shouldReturnWithTheLastReference() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            PooledPacket packet = packet(10);
            packet.chain(packet(10));
            int threads = 3;
            for (int i = 1; i < threads; i++) {
                packet.retain();
            }
            assertEquals(threads, packet.refCount());
            CountDownLatch start = new CountDownLatch(1);
            Thread[] all = new Thread[threads];
            for (int i = 0; i < threads; i++) {
                all[i] = Thread.ofPlatform().start(() -> {
                    try {
                        start.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    packet.free();
                });
            }
            start.countDown();
            for (Thread thread : all) {
                thread.join();
            }
            assertEquals(0, packet.refCount());
            assertEquals(0, pool.inUse());
        }
    }

    @Test
    void shouldBeNewEachTime() {
        PooledPacket packet = packet(10);
        packet.setOlFlags(-1);
        packet.setHeaderLengths(14, 20, 8);
        packet.setTsoSegmentSize(1448);
        packet.setUserData(7);
        packet.chain(packet(5));
        packet.free();
        for (int i = 0; i < 64; i++) {
            PooledPacket fresh = Objects.requireNonNull(pool.allocate());
            assertEquals(0, fresh.olFlags());
            assertEquals(0, fresh.l2Length() + fresh.l3Length() + fresh.l4Length() + fresh.tsoSegmentSize());
            assertEquals(0, fresh.userData());
            assertEquals(0, fresh.packetLength());
            assertEquals(1, fresh.segmentCount());
            assertNull(fresh.next());
            fresh.free();
        }
    }

    @Test
    void shouldCheckFields() {
        PooledPacket packet = packet(10);
        assertThrows(IllegalArgumentException.class, () -> packet.setHeaderLengths(65536, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> packet.setHeaderLengths(0, -1, 0));
        assertThrows(IllegalArgumentException.class, () -> packet.setTsoSegmentSize(65536));
        packet.setOlFlags(PacketFlags.EXTERNAL | PacketFlags.TX_IPV4);
        assertEquals(PacketFlags.TX_IPV4, packet.olFlags());
        packet.free();
    }

    @Test
    void shouldReleaseAnExternalBufferOnce() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(10_000);
            AtomicInteger released = new AtomicInteger();
            PooledPacket packet = Objects.requireNonNull(pool.allocate());
            packet.attachExternal(memory, released::incrementAndGet);
            assertEquals(0, packet.headroom());
            assertEquals(10_000, packet.tailroom());
            packet.append(9000);
            packet.setByte(8999, (byte) 42);
            assertEquals(42, memory.get(ValueLayout.JAVA_BYTE, 8999));
            assertThrows(IllegalArgumentException.class, () -> packet.attachExternal(memory, () -> {}));
            packet.retain();
            packet.free();
            assertEquals(0, released.get());
            packet.free();
            assertEquals(1, released.get());
            assertThrows(IllegalStateException.class, packet::free);
            assertEquals(1, released.get());
            PooledPacket again = Objects.requireNonNull(pool.allocate());
            assertEquals(256, again.tailroom());
            assertEquals(0, again.olFlags() & PacketFlags.EXTERNAL);
            again.free();
        }
    }

    @Test
    void shouldRefuseExternalBuffersItCannotUse() {
        PooledPacket packet = Objects.requireNonNull(pool.allocate());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment readOnly = arena.allocate(10).asReadOnly();
            assertThrows(IllegalArgumentException.class, () -> packet.attachExternal(readOnly, () -> {}));
            MemorySegment good = arena.allocate(10);
            packet.append(1);
            assertThrows(IllegalArgumentException.class, () -> packet.attachExternal(good, () -> {}));
        }
        packet.free();
    }

    @Test
    void shouldCopyAcrossSegments() {
        PooledPacket packet = packet(3);
        packet.chain(packet(0));
        packet.chain(packet(2));
        byte[] all = new byte[5];
        packet.copyTo(0, all, 0, 5);
        assertArrayEquals(new byte[] {0, 1, 2, 0, 1}, all);
        Packet middle = packet.next();
        assertEquals(0, Objects.requireNonNull(middle).dataLength());
        assertTrue(packet.toString().contains("3 segments"));
        packet.free();
    }
}
