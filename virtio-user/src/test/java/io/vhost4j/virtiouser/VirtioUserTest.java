// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.DriverFlag;
import io.vhost4j.VhostDevice;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.testkit.AllocationMeter;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketFlags;
import io.vhost4j.packet.PacketPool;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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
                Packet packet = chained(user.pool(), frame);
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

    private static Packet awaitOne(VirtioUser user) {
        Packet[] one = new Packet[1];
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (user.receive(0, one, 0, 1) == 0) {
            assertTrue(System.nanoTime() < deadline, "no packet within 20 s");
            Thread.yield();
        }
        return one[0];
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGiveToTheNextBackEndWhatTheLastDidNotTake(boolean packed) throws Exception {
        Path socket = directory.resolve("s");
        int size = 64;
        int waiting = 40;
        EchoBackEnd first = new EchoBackEnd(socket, 1, false, DriverFlag.CLIENT).start();
        try (VirtioUser user = VirtioUser.builder(socket)
                .server(true)
                .packed(packed)
                .queueSize(size)
                .connect()) {
            VhostDevice device = first.awaitDevice();
            List<byte[]> sent = new ArrayList<>();
            int taken = 0;
            for (int life = 0; life < 5; life++) {
                Packet[] burst = new Packet[waiting];
                for (int i = 0; i < waiting; i++) {
                    byte[] bytes = RingRig.randomBytes(new Random(life * 1000L + i), 60 + i);
                    sent.add(bytes);
                    burst[i] = chained(user.pool(), bytes);
                }
                assertEquals(waiting, user.transmit(0, burst, 0, waiting));
                // some packets to the back-end that goes, the rest to the one that comes
                taken += take(first, device, 10 + life, sent, taken);
                first.close();
                first = new EchoBackEnd(socket, 1, false, DriverFlag.CLIENT).start();
                device = first.awaitDevice();
                taken += take(first, device, waiting, sent, taken);
                assertEquals(sent.size(), taken);
                awaitConnected(user);
                receiveFrom(first, device, user);
            }
        } finally {
            first.close();
        }
    }

    private static void awaitConnected(VirtioUser user) {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!user.connected()) {
            assertTrue(System.nanoTime() < deadline, "not connected within 20 s");
            Thread.yield();
        }
    }

    /** Dequeues up to {@code limit} packets and compares them with what was sent. */
    private static int take(EchoBackEnd backEnd, VhostDevice device, int limit, List<byte[]> sent, int from) {
        Packet[] packets = new Packet[limit];
        int count = device.dequeueBurst(1, backEnd.pool(), packets, 0, limit);
        for (int i = 0; i < count; i++) {
            assertArrayEquals(sent.get(from + i), RingRig.bytesOf(packets[i]));
            packets[i].free();
        }
        return count;
    }

    private static void receiveFrom(EchoBackEnd backEnd, VhostDevice device, VirtioUser user) {
        for (int i = 0; i < 100; i++) {
            byte[] bytes = RingRig.randomBytes(new Random(i), 700);
            Packet packet = chained(backEnd.pool(), bytes);
            assertEquals(1, device.enqueueBurst(0, new Packet[] {packet}, 0, 1));
            packet.free();
            Packet received = awaitOne(user);
            assertArrayEquals(bytes, RingRig.bytesOf(received));
            received.free();
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
                packets[0] = chained(user.pool(), new byte[100]);
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

    @Test
    void shouldDoNothingWithoutBackEnd() throws Exception {
        Path socket = directory.resolve("s");
        EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true).start();
        try (VirtioUser user = VirtioUser.builder(socket).connect()) {
            backEnd.awaitDevice();
            backEnd.close();
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (user.connected()) {
                assertTrue(System.nanoTime() < deadline, "still connected after 20 s");
                Thread.yield();
            }
            Packet[] packets = {chained(user.pool(), new byte[100])};
            assertEquals(0, user.transmit(0, packets, 0, 1));
            packets[0].free();
            assertEquals(0, user.receive(0, packets, 0, 1));
            assertEquals(0, user.reclaim(0));
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

    /** A packet with these bytes, chained as the pool's buffers make necessary. */
    static Packet chained(PacketPool pool, byte[] bytes) {
        Packet head = Objects.requireNonNull(pool.allocate());
        int done = 0;
        while (done < bytes.length) {
            Packet segment = done == 0 ? head : Objects.requireNonNull(pool.allocate());
            int part = Math.min(pool.dataRoom(), bytes.length - done);
            segment.append(part);
            segment.setBytes(0, bytes, done, part);
            if (done > 0) {
                head.chain(segment);
            }
            done += part;
        }
        return head;
    }

    /** Sends packets of random contents and compares what comes back. */
    private static final class Exchange {
        private final VirtioUser user;
        private final int pair;
        private final Random random;
        private final int least;
        private final int most;
        private final ArrayDeque<byte[]> onTheWay = new ArrayDeque<>();
        private final @Nullable Packet[] packets = new Packet[BURST];

        Exchange(VirtioUser user, int pair, Random random, int least, int most) {
            this.user = user;
            this.pair = pair;
            this.random = random;
            this.least = least;
            this.most = most;
        }

        void run(int count) {
            int sent = 0;
            int back = 0;
            long deadline = System.nanoTime() + Duration.ofSeconds(50).toNanos();
            while (back < count) {
                if (sent < count && onTheWay.size() < 64) {
                    sent += send();
                }
                int received = receive();
                back += received;
                if (received == 0) {
                    assertTrue(System.nanoTime() < deadline, "back are " + back + " of " + sent + " packets sent");
                    Thread.yield();
                }
            }
        }

        private int send() {
            byte[] bytes = RingRig.randomBytes(random, least + random.nextInt(most - least));
            Packet packet = chained(user.pool(), bytes);
            if (user.transmit(pair, new Packet[] {packet}, 0, 1) == 0) {
                packet.free();
                return 0;
            }
            onTheWay.add(bytes);
            return 1;
        }

        private int receive() {
            int count = user.receive(pair, packets, 0, BURST);
            for (int i = 0; i < count; i++) {
                Packet packet = Objects.requireNonNull(packets[i]);
                assertArrayEquals(onTheWay.remove(), RingRig.bytesOf(packet));
                packet.free();
            }
            return count;
        }
    }
}
