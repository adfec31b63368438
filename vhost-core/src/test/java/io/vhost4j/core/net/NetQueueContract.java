// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.ring.RingFault;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.SplitDriver;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketFlags;
import io.vhost4j.packet.PacketPool;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Packets through one queue, both directions, split and packed, by whatever path they go. */
abstract class NetQueueContract extends ByAnyPath {
    private static final NetOptions LINEAR = new NetOptions(true, true, false, false);
    private static final NetOptions EXTERNAL = new NetOptions(true, true, true, false);

    private static byte[] header(int numBuffers, int bytes) {
        byte[] header = new byte[bytes];
        if (bytes == 12) {
            header[10] = (byte) numBuffers;
        }
        return header;
    }

    private static byte[] tail(byte[] all, int from) {
        return Arrays.copyOfRange(all, from, all.length);
    }

    // ---- enqueue ----

    @ParameterizedTest
    @CsvSource({"false,0,10", "false,32,12", "false,15,12", "true,32,12", "true,0,12"})
    void shouldPutTheHeaderOfTheFeaturesBeforeThePacket(boolean packed, int bit, int headerBytes) {
        try (NetRig rig = rig(packed, NetRig.RECEIVE, 8, bit == 0 ? 0 : 1L << bit, NetRig.PLAIN)) {
            byte[] frame = NetRig.frame(100, 1);
            rig.offer(2000);
            assertEquals(1, rig.enqueue(rig.packet(frame)));
            byte[] got = rig.received().getFirst();
            assertArrayEquals(NetRig.joined(header(1, headerBytes), frame), got);
        }
    }

    /** A header that is right already need not be written, one that differs in any byte must be. */
    @ParameterizedTest
    @CsvSource({"false,0,10", "false,32,12", "true,32,12"})
    void shouldPutTheHeaderWhateverTheBufferHolds(boolean packed, int bit, int headerBytes) {
        byte[] right = header(1, headerBytes);
        byte[] frame = NetRig.frame(100, 1);
        int buffers = headerBytes + 2;
        try (NetRig rig = rig(packed, NetRig.RECEIVE, 16, bit == 0 ? 0 : 1L << bit, NetRig.PLAIN)) {
            Packet[] packets = new Packet[buffers];
            for (int i = 0; i < headerBytes; i++) {
                byte[] wrong = right.clone();
                wrong[i] ^= (byte) 0x80;
                rig.offerHolding(NetRig.joined(wrong, new byte[100]));
                packets[i] = rig.packet(frame);
            }
            rig.offerHolding(NetRig.joined(right, new byte[100]));
            packets[headerBytes] = rig.packet(frame);
            byte[] old = new byte[headerBytes];
            Arrays.fill(old, (byte) 0xFF);
            rig.offerHolding(old);
            packets[headerBytes + 1] = rig.packet(new byte[0]);
            assertEquals(buffers, rig.enqueue(packets));
            List<byte[]> got = rig.received();
            for (int i = 0; i <= headerBytes; i++) {
                assertArrayEquals(NetRig.joined(right, frame), got.get(i), "differed in byte " + i);
            }
            assertArrayEquals(right, got.get(headerBytes + 1), "room for a header only");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldWriteIntoAnyLayoutFromAnySegments(boolean packed) {
        int[][] layouts = {{200}, {12, 188}, {12, 100, 88}, {5, 195}, {5, 7, 188}, {1, 1, 1, 1, 196}, {13, 50, 137}};
        for (int[] layout : layouts) {
            for (int segment : new int[] {2048, 60, 7, 1}) {
                try (NetRig rig = rig(packed, NetRig.RECEIVE, 8, NetRig.MODERN, NetRig.PLAIN)) {
                    byte[] frame = NetRig.frame(150, segment);
                    rig.offer(layout);
                    assertEquals(1, rig.enqueue(rig.packet(frame, segment)));
                    assertArrayEquals(
                            frame, tail(rig.received().getFirst(), 12), Arrays.toString(layout) + " from " + segment);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldSpreadPacketsOverChainsIfMergeable(boolean packed) {
        try (NetRig rig = rig(packed, NetRig.RECEIVE, 16, NetRig.MERGEABLE, NetRig.PLAIN)) {
            byte[] large = NetRig.frame(3000, 1);
            byte[] small = NetRig.frame(60, 2);
            rig.offerMany(6, 1000);
            assertEquals(2, rig.enqueue(rig.packet(large, 1100), rig.packet(small)));
            List<byte[]> got = rig.received();
            assertEquals(5, got.size());
            assertEquals(
                    List.of(1000, 1000, 1000, 12, 72),
                    got.stream().map(g -> g.length).toList());
            assertEquals(4, got.getFirst()[10], "num_buffers");
            byte[] all = got.get(0);
            for (int i = 1; i < 4; i++) {
                all = NetRig.joined(all, got.get(i));
            }
            assertArrayEquals(large, tail(all, 12));
            assertEquals(1, got.get(4)[10]);
            assertArrayEquals(small, tail(got.get(4), 12));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLeaveAPacketThatHasToWaitForBuffers(boolean packed) {
        try (NetRig rig = rig(packed, NetRig.RECEIVE, 16, NetRig.MERGEABLE, NetRig.PLAIN)) {
            rig.offerMany(2, 1000);
            assertEquals(1, rig.enqueue(rig.packet(NetRig.frame(60, 1)), rig.packet(NetRig.frame(3000, 2), 2000)));
            assertEquals(1, rig.received().size());
            rig.offerMany(3, 1000);
            assertEquals(1, rig.enqueue(rig.packet(NetRig.frame(3000, 2), 2000)));
            assertEquals(4, rig.received().size());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldDropWhatNoGuestBufferCanTake(boolean packed) {
        try (NetRig rig = rig(packed, NetRig.RECEIVE, 4, NetRig.MODERN, NetRig.PLAIN)) {
            rig.offerMany(2, 100);
            assertEquals(2, rig.enqueue(rig.packet(NetRig.frame(89, 1)), rig.packet(NetRig.frame(88, 2))));
            assertArrayEquals(NetRig.frame(88, 2), tail(rig.received().getFirst(), 12));
            assertEquals(1, rig.stat("oversize_packets"));
            assertEquals(1, rig.stat("good_packets"));
        }
        try (NetRig rig = rig(packed, NetRig.RECEIVE, 4, NetRig.MERGEABLE, NetRig.PLAIN)) {
            rig.offerMany(4, 100);
            assertEquals(1, rig.enqueue(rig.packet(NetRig.frame(389, 1))), "larger than all buffers together");
            assertEquals(1, rig.stat("oversize_packets"));
            assertEquals(1, rig.enqueue(rig.packet(NetRig.frame(388, 1))));
            assertEquals(4, rig.received().size());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGiveRuntAndBadChainsBackEmpty(boolean packed) {
        try (NetRig rig = rig(packed, NetRig.RECEIVE, 16, NetRig.MERGEABLE, NetRig.PLAIN)) {
            rig.offer(11);
            rig.offer(5, 6);
            rig.driver.add(List.of(new Buffer(rig.image.end(), 2000, true)));
            rig.offer(2000);
            assertEquals(1, rig.enqueue(rig.packet(NetRig.frame(60, 1))));
            assertEquals(
                    List.of(0L, 0L, 0L, 72L),
                    rig.driver.collect().stream().map(u -> u.writtenBytes()).toList());
            assertEquals(3, rig.stat("malformed_chains"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldNotWritePastWhatAPacketSaysOfItsLength(boolean packed) {
        try (NetRig rig = rig(packed, NetRig.RECEIVE, 4, NetRig.MODERN, NetRig.PLAIN)) {
            rig.offer(112);
            rig.offer(112);
            Packet packet = rig.packet(NetRig.frame(100, 1), 50);
            Packet second = packet.next();
            assertNotNull(second);
            second.append(500);
            assertEquals(1, rig.enqueue(packet));
            assertEquals(112, rig.received().getFirst().length);
        }
    }

    // ---- dequeue ----

    @ParameterizedTest
    @CsvSource({"false,0", "false,32", "true,32"})
    void shouldTakePacketsFromAnyLayout(boolean packed, int bit) {
        int[][] layouts = {{}, {12}, {10}, {12, 20}, {5}, {5, 7}, {1, 1, 1, 1}, {0, 12, 0, 3}, {13}, {161}};
        for (int[] layout : layouts) {
            try (NetRig rig = rig(packed, NetRig.TRANSMIT, 16, bit == 0 ? 0 : 1L << bit, NetRig.PLAIN)) {
                byte[] frame = NetRig.frame(150, layout.length);
                rig.send(new byte[rig.headerBytes()], frame, layout);
                assertArrayEquals(frame, rig.dequeueBytes(), Arrays.toString(layout));
                assertEquals(0, rig.driver.collect().getFirst().writtenBytes());
                assertEquals(1, rig.stat("good_packets"));
                assertEquals(150, rig.stat("good_bytes"));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"false,0", "false,9000", "true,65535"})
    void shouldChainLargePackets(boolean packed, int bytes) {
        int length = Math.max(bytes, 2049);
        try (NetRig rig = rig(packed, NetRig.TRANSMIT, 64, NetRig.MODERN, NetRig.PLAIN)) {
            byte[] frame = NetRig.frame(length, 3);
            rig.send(new byte[12], frame, 12, 1000, 1, 1500);
            rig.send(NetRig.frame(60, 4));
            List<Packet> got = rig.dequeue(8);
            assertEquals(2, got.size());
            assertEquals(Math.ceilDiv(length, 2048), got.getFirst().segmentCount());
            assertArrayEquals(frame, NetRig.bytesOf(got.getFirst()));
            assertEquals(1, got.get(1).segmentCount());
            got.forEach(Packet::free);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldDeliverInOneBufferIfLinear(boolean packed) {
        byte[] large = NetRig.frame(9000, 1);
        try (NetRig rig = rig(packed, NetRig.TRANSMIT, 16, NetRig.MODERN, LINEAR)) {
            rig.send(large);
            rig.send(NetRig.frame(2048, 2));
            assertArrayEquals(NetRig.frame(2048, 2), rig.dequeueBytes());
            assertEquals(1, rig.stat("oversize_packets"));
        }
        try (NetRig rig = rig(packed, NetRig.TRANSMIT, 16, NetRig.MODERN, EXTERNAL)) {
            for (int i = 0; i < 20; i++) {
                rig.send(large);
                rig.send(NetRig.frame(60, i));
                List<Packet> got = rig.dequeue(2);
                assertEquals(1, got.getFirst().segmentCount());
                assertTrue((got.getFirst().olFlags() & PacketFlags.EXTERNAL) != 0);
                assertArrayEquals(large, NetRig.bytesOf(got.getFirst()));
                assertEquals(0, got.get(1).olFlags());
                assertArrayEquals(NetRig.frame(60, i), NetRig.bytesOf(got.get(1)));
                got.forEach(Packet::free);
                rig.driver.collect();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldDropMalformedChainsAndGoOn(boolean packed) {
        try (NetRig rig = rig(packed, NetRig.TRANSMIT, 64, NetRig.MODERN, NetRig.PLAIN)) {
            rig.sendRaw(new byte[11]);
            rig.sendRaw(new byte[12]);
            rig.sendRaw(new byte[12 + 13]);
            rig.sendRaw(new byte[1], 0, 0);
            rig.driver.add(List.of(new Buffer(rig.image.end(), 100, false)));
            rig.driver.add(List.of(new Buffer(rig.image.regionStart(0), 0xFFFF_FFFFL, false)));
            rig.driver.add(List.of(new Buffer(rig.image.regionStart(0), 100, true)));
            rig.driver.add(List.of(new Buffer(rig.image.regionStart(0), 0, false)));
            rig.send(NetRig.frame(14, 5));
            rig.driver.add(List.of(new Buffer(rig.image.regionStart(0), 65535 + 65 + 13, false)));
            rig.send(NetRig.frame(60, 6));
            List<Packet> got = rig.dequeue(32);
            assertEquals(2, got.size());
            assertArrayEquals(NetRig.frame(14, 5), NetRig.bytesOf(got.get(0)));
            assertArrayEquals(NetRig.frame(60, 6), NetRig.bytesOf(got.get(1)));
            got.forEach(Packet::free);
            assertEquals(8, rig.stat("malformed_chains"));
            assertEquals(1, rig.stat("oversize_packets"));
            assertEquals(11, rig.driver.collect().size());
            assertFalse(rig.queue.broken());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldTakeNoMoreThanThePoolHas(boolean packed) {
        PacketPool.Builder small = PacketPool.builder().count(4);
        try (NetRig rig = rig(packed, NetRig.TRANSMIT, 16, NetRig.MODERN, NetRig.PLAIN, small)) {
            for (int i = 0; i < 6; i++) {
                rig.send(NetRig.frame(60, i));
            }
            rig.send(NetRig.frame(2048 * 5, 7));
            rig.send(NetRig.frame(60, 8));
            List<Packet> got = rig.dequeue(16);
            assertEquals(4, got.size());
            assertTrue(rig.stat("mbuf_alloc_failed") > 0);
            assertEquals(4, rig.driver.collect().size(), "the others are still the ring's");
            got.forEach(Packet::free);
            got = rig.dequeue(16);
            assertEquals(2, got.size(), "the next needs more buffers than there are");
            got.forEach(Packet::free);
            assertEquals(0, rig.dequeue(1).size());
            assertEquals(0, rig.pool.inUse());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldDeliverARarpFrameFirst(boolean packed) {
        try (NetRig rig = rig(packed, NetRig.TRANSMIT, 16, NetRig.MODERN, NetRig.PLAIN)) {
            rig.send(NetRig.frame(60, 1));
            rig.queue.injectRarp(0x665544332252L);
            List<Packet> got = rig.dequeue(4);
            assertEquals(2, got.size());
            byte[] rarp = NetRig.bytesOf(got.getFirst());
            byte[] mac = {0x52, 0x22, 0x33, 0x44, 0x55, 0x66};
            assertEquals(64, rarp.length);
            assertArrayEquals(new byte[] {-1, -1, -1, -1, -1, -1}, Arrays.copyOf(rarp, 6));
            assertArrayEquals(mac, Arrays.copyOfRange(rarp, 6, 12));
            byte[] fixed = {(byte) 0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3};
            assertArrayEquals(fixed, Arrays.copyOfRange(rarp, 12, 22));
            assertArrayEquals(mac, Arrays.copyOfRange(rarp, 22, 28));
            assertArrayEquals(mac, Arrays.copyOfRange(rarp, 32, 38));
            assertArrayEquals(NetRig.frame(60, 1), NetRig.bytesOf(got.get(1)));
            got.forEach(Packet::free);
            assertEquals(0, rig.dequeue(4).size());
        }
    }

    // ---- states ----

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldKeepWhatAGuestSendsBeforeItsQueueIsEnabledForTheFirstTime(boolean packed) {
        try (NetRig rig = rig(packed, NetRig.TRANSMIT, 16, NetRig.MODERN, NetRig.PLAIN)) {
            rig.queue.pause();
            rig.queue.setEnabled(false);
            rig.restart();
            rig.queue.resume();
            rig.send(NetRig.frame(60, 1));
            assertEquals(0, rig.dequeue(8).size());
            rig.queue.pause();
            rig.queue.setEnabled(true);
            rig.queue.resume();
            assertArrayEquals(NetRig.frame(60, 1), rig.dequeueBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldDiscardWhatAGuestSendsWhileDisabled(boolean packed) {
        try (NetRig rig = rig(packed, NetRig.TRANSMIT, 16, NetRig.MODERN, NetRig.PLAIN)) {
            rig.queue.pause();
            rig.queue.setEnabled(false);
            rig.queue.resume();
            rig.send(NetRig.frame(60, 1));
            rig.send(NetRig.frame(60, 2));
            assertEquals(0, rig.dequeue(8).size());
            assertEquals(2, rig.driver.collect().size());
            assertEquals(2, rig.stat("discarded_packets"));
            rig.queue.pause();
            rig.queue.setEnabled(true);
            rig.queue.resume();
            rig.send(NetRig.frame(60, 3));
            assertArrayEquals(NetRig.frame(60, 3), rig.dequeueBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldNotTouchTheRingWhileDisabledOrInactive(boolean packed) {
        try (NetRig rig = rig(packed, NetRig.RECEIVE, 16, NetRig.MODERN, NetRig.PLAIN)) {
            rig.offerMany(4, 1000);
            rig.queue.pause();
            rig.queue.setEnabled(false);
            rig.queue.resume();
            assertEquals(0, rig.enqueue(rig.packet(NetRig.frame(60, 1))));
            assertEquals(0, rig.queue.availEntries());
            rig.queue.pause();
            rig.queue.setEnabled(true);
            rig.queue.setActive(false);
            rig.queue.resume();
            assertEquals(0, rig.enqueue(rig.packet(NetRig.frame(60, 1))));
            rig.queue.pause();
            rig.queue.setActive(true);
            rig.queue.resume();
            assertEquals(4, rig.queue.availEntries());
            assertEquals(1, rig.enqueue(rig.packet(NetRig.frame(60, 1))));
            assertEquals(1, rig.received().size());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGoOnWhereItStopped(boolean packed) {
        try (NetRig rig = rig(packed, NetRig.TRANSMIT, 4, NetRig.MODERN, NetRig.PLAIN)) {
            for (int i = 0; i < 50; i++) {
                rig.send(NetRig.frame(60, i));
                assertArrayEquals(NetRig.frame(60, i), rig.dequeueBytes());
                rig.driver.collect();
                rig.queue.pause();
                int base = rig.queue.stop();
                rig.queue.resume();
                assertEquals(base, rig.queue.base());
                assertEquals(0, rig.dequeue(1).size());
                rig.queue.pause();
                rig.queue.start(rig.driver.setup(rig.features, base), rig.image.memory(), null);
                rig.queue.resume();
                assertEquals(base, rig.queue.base());
            }
        }
    }

    @Test
    void shouldStopAtAFaultAndSayItOnce() {
        try (NetRig rig = rig(false, NetRig.TRANSMIT, 8, NetRig.MODERN, NetRig.PLAIN);
                NetRig other = rig(false, NetRig.TRANSMIT, 8, NetRig.MODERN, NetRig.PLAIN)) {
            rig.send(NetRig.frame(60, 1));
            ((SplitDriver) rig.driver).offer(1000);
            assertArrayEquals(NetRig.frame(60, 1), rig.dequeueBytes());
            assertEquals(0, rig.dequeue(4).size());
            assertEquals(0, rig.dequeue(4).size());
            assertTrue(rig.queue.broken());
            assertEquals(List.of(RingFault.HEAD_OUT_OF_RANGE), rig.listener.faults);
            assertEquals(1, rig.stat("ring_faults"));
            assertFalse(rig.queue.enableNotification(true));
            assertEquals(0, rig.queue.rxQueueCount());

            other.send(NetRig.frame(60, 2));
            assertArrayEquals(NetRig.frame(60, 2), other.dequeueBytes());
            // a new start mends it
            rig.queue.pause();
            rig.queue.stop();
            SplitDriver fresh = new SplitDriver(rig.image, 8, 0);
            rig.queue.start(fresh.setup(rig.features), rig.image.memory(), null);
            rig.queue.resume();
            assertFalse(rig.queue.broken());
        }
    }

    @Test
    void shouldReturnNothingWithoutARing() {
        NetQueue queue = new NetQueue(1, new NetRig.Listener(), NetRig.PLAIN);
        Packet[] none = new Packet[4];
        try (NetRig rig = rig(false, NetRig.TRANSMIT, 8, NetRig.MODERN, NetRig.PLAIN)) {
            assertEquals(0, queue.dequeueBurst(rig.pool, none, 0, 4));
            assertEquals(0, queue.enqueueBurst(none, 0, 0));
            assertEquals(0, queue.rxQueueCount());
            assertFalse(queue.enableNotification(true));
            queue.calls().vringCall();
            assertTrue(queue.calls().tryVringCall());
            assertEquals(0, queue.base());
            assertNull(none[0]);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldServeIndirectChains(boolean packed) {
        long features = NetRig.MODERN | VirtioFeature.RING_INDIRECT_DESC.mask();
        try (NetRig rig = rig(packed, NetRig.TRANSMIT, 4, features, NetRig.PLAIN)) {
            byte[] all = NetRig.joined(new byte[12], NetRig.frame(300, 1));
            long gpa = rig.image.allocate(all.length, 1);
            rig.image.write(gpa, all);
            List<Buffer> parts = List.of(
                    new Buffer(gpa, 12, false), new Buffer(gpa + 12, 100, false), new Buffer(gpa + 112, 200, false));
            rig.driver.addIndirect(parts, rig.image.allocate(16 * 3, 1));
            assertArrayEquals(NetRig.frame(300, 1), rig.dequeueBytes());
        }
    }
}
