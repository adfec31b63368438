// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.testkit.AllocationMeter;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketFlags;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The front-end against the library's own back-end, over a socket. */
@ExtendWith({EventThreadAlive.class, LeakCheck.class})
class VirtioUserTest {
    private static final int BURST = 32;

    @TempDir
    Path directory;

    /** Every value of every option, packed and split. */
    static Stream<Arguments> rings() {
        List<Arguments> list = new ArrayList<>();
        for (boolean packed : new boolean[] {false, true}) {
            list.add(ring(packed, 256, true, false, false, false));
            list.add(ring(packed, 256, false, true, true, false));
            list.add(ring(packed, 1024, true, true, true, true));
            list.add(ring(packed, 1024, false, false, false, true));
            list.add(ring(packed, 32768, true, false, true, false));
        }
        list.add(ring(true, 101, true, false, false, true));
        list.add(ring(true, 999, true, true, true, false));
        return list.stream();
    }

    private static Arguments ring(
            boolean packed, int size, boolean mergeable, boolean inOrder, boolean indirect, boolean eventIdx) {
        return Arguments.of(packed, size, mergeable, inOrder, indirect, eventIdx);
    }

    @ParameterizedTest
    @MethodSource("rings")
    void shouldGetBackWhatItSends(
            boolean packed, int size, boolean mergeable, boolean inOrder, boolean indirect, boolean eventIdx)
            throws Exception {
        Path socket = directory.resolve("s");
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true).start();
                VirtioUser user = VirtioUser.builder(socket)
                        .packed(packed)
                        .queueSize(size)
                        .mergeable(mergeable)
                        .inOrder(inOrder)
                        .indirect(indirect)
                        .eventIdx(eventIdx)
                        .bufferSize(mergeable ? 2048 : 9216)
                        .connect()) {
            assertEquals(packed, VirtioFeature.RING_PACKED.in(user.features()));
            assertEquals(mergeable, VirtioFeature.MRG_RXBUF.in(user.features()));
            assertEquals(inOrder, VirtioFeature.IN_ORDER.in(user.features()));
            assertEquals(indirect, VirtioFeature.RING_INDIRECT_DESC.in(user.features()));
            assertEquals(eventIdx, VirtioFeature.RING_EVENT_IDX.in(user.features()));
            backEnd.awaitDevice();
            long seed = System.nanoTime();
            try {
                new Exchange(user, 0, new Random(seed), 60, 1518).run(20_000);
                new Exchange(user, 0, new Random(seed), 8000, 9018).run(2_000);
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
            while (user.reclaim(0) > 0) {
                Thread.onSpinWait();
            }
            PortStats stats = user.stats(0);
            assertEquals(22_000, stats.txPackets());
            assertEquals(22_000, stats.rxPackets());
            assertEquals(stats.txBytes(), stats.rxBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldKeepQueuePairsApart(boolean packed) throws Exception {
        Path socket = directory.resolve("s");
        int pairs = 3;
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, pairs, true).start();
                VirtioUser user = VirtioUser.builder(socket)
                        .packed(packed)
                        .queuePairs(pairs)
                        .connect()) {
            assertEquals(pairs, user.queuePairs());
            backEnd.awaitDevice();
            Exchange[] exchanges = new Exchange[pairs];
            for (int pair = 0; pair < pairs; pair++) {
                exchanges[pair] = new Exchange(user, pair, new Random(pair), 60, 600);
            }
            for (int round = 0; round < 100; round++) {
                for (Exchange exchange : exchanges) {
                    exchange.run(20);
                }
            }
            for (int pair = 0; pair < pairs; pair++) {
                assertEquals(2000, user.stats(pair).rxPackets());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldCarrySegmentsOf64KilobytesWithTheirOffloads(boolean packed) throws Exception {
        Path socket = directory.resolve("s");
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true).start();
                VirtioUser user = VirtioUser.builder(socket)
                        .packed(packed)
                        .offloads(true)
                        .indirect(packed)
                        .connect()) {
            backEnd.awaitDevice();
            byte[] frame = RingRig.randomBytes(new Random(7), 65_535);
            byte[] headers = tcpHeaders(frame.length);
            System.arraycopy(headers, 0, frame, 0, headers.length);
            for (int i = 0; i < 50; i++) {
                Packet packet = Exchange.chained(user.pool(), frame);
                packet.setOlFlags(PacketFlags.TX_TCP_SEG | PacketFlags.TX_TCP_CKSUM | PacketFlags.TX_IPV4);
                packet.setHeaderLengths(14, 20, 20);
                packet.setTsoSegmentSize(1448);
                assertEquals(1, user.transmit(0, new Packet[] {packet}, 0, 1));
                Packet back = awaitOne(user);
                assertArrayEquals(frame, RingRig.bytesOf(back));
                assertTrue((back.olFlags() & PacketFlags.RX_LRO) != 0, Long.toHexString(back.olFlags()));
                assertEquals(1448, back.tsoSegmentSize());
                assertEquals(
                        PacketFlags.RX_L4_CKSUM_NONE,
                        back.olFlags() & PacketFlags.RX_L4_CKSUM_MASK,
                        Long.toHexString(back.olFlags()));
                back.free();
            }
        }
    }

    private static byte[] tcpHeaders(int length) {
        ByteBuffer headers = ByteBuffer.allocate(54);
        headers.putShort(12, (short) 0x0800);
        headers.put(14, (byte) 0x45);
        headers.putShort(16, (short) (length - 14));
        headers.put(22, (byte) 64);
        headers.put(23, (byte) 6);
        headers.put(46, (byte) 0x50);
        return headers.array();
    }

    static Packet awaitOne(VirtioUser user) {
        Packet[] one = new Packet[1];
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (user.receive(0, one, 0, 1) == 0) {
            assertTrue(System.nanoTime() < deadline, "no packet within 20 s");
            Thread.yield();
        }
        return one[0];
    }

    /** Protocol features that a back-end may lack. */
    static Stream<Arguments> simplerBackEnds() {
        return Stream.of(
                Arguments.of(0L, 0L),
                Arguments.of(0L, ProtocolFeature.REPLY_ACK.mask()),
                Arguments.of(0L, ProtocolFeature.CONFIGURE_MEM_SLOTS.mask()),
                Arguments.of(0L, ProtocolFeature.STATUS.mask()),
                Arguments.of(0L, -1L),
                Arguments.of(VirtioFeature.PROTOCOL_FEATURES.mask(), 0L));
    }

    @ParameterizedTest
    @MethodSource("simplerBackEnds")
    void shouldDoWithoutProtocolFeatures(long missing, long missingProtocol) throws Exception {
        Path socket = directory.resolve("s");
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true)) {
            backEnd.driver.disableFeatures(missing);
            backEnd.driver.setProtocolFeatures(backEnd.driver.getProtocolFeatures() & ~missingProtocol);
            backEnd.start();
            try (VirtioUser user = VirtioUser.builder(socket).connect()) {
                backEnd.awaitDevice();
                new Exchange(user, 0, new Random(1), 60, 3000).run(500);
            }
        }
    }

    @Test
    void shouldTellTheMtu() throws Exception {
        Path socket = directory.resolve("s");
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true).start();
                VirtioUser user = VirtioUser.builder(socket)
                        .mtu(9000)
                        .mac("02:00:00:00:00:07")
                        .connect()) {
            assertEquals(9000, backEnd.awaitDevice().getMtu());
            assertEquals(9000, user.mtu());
            assertArrayEquals(new byte[] {2, 0, 0, 0, 0, 7}, user.mac());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldWakeUpWhenPacketComes(boolean eventIdx) throws Exception {
        Path socket = directory.resolve("s");
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true).start();
                VirtioUser user = VirtioUser.builder(socket)
                        .interrupts(true)
                        .eventIdx(eventIdx)
                        .connect()) {
            backEnd.awaitDevice();
            assertFalse(user.awaitReceive(0, Duration.ofMillis(20)));
            Packet[] packets = new Packet[BURST];
            for (int i = 0; i < 500; i++) {
                packets[0] = Exchange.chained(user.pool(), new byte[100]);
                assertEquals(1, user.transmit(0, packets, 0, 1));
                assertTrue(user.awaitReceive(0, Duration.ofSeconds(20)), "packet " + i);
                assertEquals(1, user.receive(0, packets, 0, BURST));
                packets[0].free();
            }
            assertFalse(user.awaitReceive(0, Duration.ofMillis(20)));
        }
    }

    @Test
    @Timeout(20)
    void shouldEndTheWaitWhenItCloses() throws Exception {
        Path socket = directory.resolve("s");
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true).start()) {
            VirtioUser user = VirtioUser.builder(socket).interrupts(true).connect();
            backEnd.awaitDevice();
            Thread waiting = Thread.ofPlatform().start(() -> user.awaitReceive(0, Duration.ofHours(1)));
            while (waiting.getState() == Thread.State.NEW) {
                Thread.onSpinWait();
            }
            user.close();
            waiting.join();
            assertFalse(user.connected());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldAllocateNothingPerPacket(boolean packed) throws Exception {
        Path socket = directory.resolve("s");
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true).start();
                VirtioUser user =
                        VirtioUser.builder(socket).packed(packed).offloads(true).connect()) {
            backEnd.awaitDevice();
            Packet[] packets = new Packet[BURST];
            long bytes = AllocationMeter.steadyBytesAllocatedBy(() -> roundTrips(user, packets, 1000));
            assertEquals(0, bytes);
        }
    }

    private static void roundTrips(VirtioUser user, Packet[] packets, int rounds) {
        for (int round = 0; round < rounds; round++) {
            assertTrue(user.pool().allocateBulk(packets, 0, BURST));
            for (int i = 0; i < BURST; i++) {
                packets[i].append(64);
            }
            assertEquals(BURST, user.transmit(0, packets, 0, BURST));
            int back = 0;
            while (back < BURST) {
                int more = user.receive(0, packets, 0, BURST);
                user.pool().freeBulk(packets, 0, more);
                back += more;
                if (more == 0) {
                    Thread.yield();
                }
            }
        }
    }
}
