// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.packet.Packet;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(LeakCheck.class)
class RxDriverTest {
    private static final int CAPACITY = RingRig.DATA_ROOM + NetHeader.BYTES;

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#all")
    void shouldReceiveWhatTheDeviceDelivers(RingOptions options, int size) {
        long seed = System.nanoTime();
        try (RingRig rig = new RingRig(options, size, 4 * size + 128)) {
            new Run(rig, new Random(seed)).steps(500, 0);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    /** With this seed packets wait in the driver and the ring is full when the back-end goes. */
    @Test
    void shouldKeepWhatFillsTheRingWhenTheBackEndGoes() {
        RingOptions options = new RingOptions(false, true, true, true, true, false);
        try (RingRig rig = new RingRig(options, 16, 4 * 16 + 128)) {
            new Run(rig, new Random(1614390034847L)).steps(500, 10);
        }
    }

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#all")
    void shouldGoOnWithAnotherBackEnd(RingOptions options, int size) {
        long seed = System.nanoTime();
        try (RingRig rig = new RingRig(options, size, 4 * size + 128)) {
            new Run(rig, new Random(seed)).steps(500, 10);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    /** The device of a run delivers random packets; what it delivers must be received in its order. */
    private static final class Run {
        private final RingRig rig;
        private final Random random;
        private final ArrayDeque<byte[]> delivered = new ArrayDeque<>();
        private final List<ReferenceDevice.Chain> buffers = new ArrayList<>();

        Run(RingRig rig, Random random) {
            this.rig = rig;
            this.random = random;
        }

        void steps(int count, int restartPercent) {
            int received = 0;
            for (int i = 0; i < count; i++) {
                buffers.addAll(rig.rxDevice.take(rig.size));
                for (int packets = random.nextInt(4); packets > 0; packets--) {
                    deliver();
                }
                received += receive(1 + random.nextInt(6));
                if (random.nextInt(100) < restartPercent) {
                    rig.restartRx();
                    buffers.clear();
                }
                assertNull(rig.rx.fault());
            }
            while (!delivered.isEmpty()) {
                int more = receive(8);
                assertTrue(more > 0, "packets are missing: " + delivered.size());
                received += more;
            }
            assertTrue(received > count / 4, "packets received: " + received);
            assertEquals(received, rig.rx.counter().packets());
            rig.rx.release();
            assertEquals(0, rig.pool.inUse());
        }

        private void deliver() {
            int most = rig.options.mergeable() ? Math.min(4 * CAPACITY, rig.size * CAPACITY) : CAPACITY;
            byte[] data = RingRig.randomBytes(random, 1 + random.nextInt(most - NetHeader.BYTES));
            int needed = Math.ceilDiv(data.length + NetHeader.BYTES, CAPACITY);
            if (buffers.size() < needed) {
                return;
            }
            if (!rig.options.inOrder()) {
                Collections.shuffle(buffers, random);
            }
            byte[] bytes = new byte[data.length + NetHeader.BYTES];
            bytes[NetHeader.NUM_BUFFERS] = (byte) needed;
            System.arraycopy(data, 0, bytes, NetHeader.BYTES, data.length);
            List<ReferenceDevice.Chain> now = new ArrayList<>(buffers.subList(0, needed));
            buffers.subList(0, needed).clear();
            int[] written = new int[needed];
            int done = 0;
            for (int i = 0; i < needed; i++) {
                assertEquals(CAPACITY, now.get(i).capacity());
                written[i] = now.get(i).write(bytes, done);
                done += written[i];
            }
            if (rig.options.inOrder() && random.nextBoolean()) {
                // all but the last buffer are full
                rig.rxDevice.useBatch(now, written[needed - 1]);
            } else {
                rig.rxDevice.use(now, written);
            }
            delivered.add(data);
        }

        private int receive(int limit) {
            Packet[] packets = new Packet[limit];
            int count = rig.rx.receive(packets, 0, limit);
            for (int i = 0; i < count; i++) {
                assertArrayEquals(delivered.remove(), RingRig.bytesOf(packets[i]));
                packets[i].free();
            }
            return count;
        }
    }

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#all")
    void shouldKeepTheRingFull(RingOptions options, int size) {
        try (RingRig rig = new RingRig(options, size, 4 * size + 128)) {
            assertEquals(size, rig.rxDevice.take(size + 1).size());
        }
        try (RingRig rig = new RingRig(options, size, 4 * size + 128)) {
            for (int i = 0; i < 3 * size; i++) {
                rig.rxDevice.use(deliver(rig.rxDevice.take(1).get(0), 60), 60 + NetHeader.BYTES);
                Packet[] packets = new Packet[4];
                assertEquals(1, rig.rx.receive(packets, 0, 4));
                packets[0].free();
                assertEquals(0, rig.rx.receive(packets, 0, 4));
            }
            assertEquals(size, rig.rxDevice.take(size + 1).size());
        }
    }

    private static ReferenceDevice.Chain deliver(ReferenceDevice.Chain chain, int length) {
        byte[] bytes = new byte[length + NetHeader.BYTES];
        bytes[NetHeader.NUM_BUFFERS] = 1;
        chain.write(bytes, 0);
        return chain;
    }

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#plain")
    void shouldWaitForTheRestOfPacket(RingOptions options, int size) {
        try (RingRig rig = new RingRig(options, size, 128)) {
            List<ReferenceDevice.Chain> chains = rig.rxDevice.take(2);
            byte[] bytes = new byte[CAPACITY + 100];
            bytes[NetHeader.NUM_BUFFERS] = 2;
            chains.get(0).write(bytes, 0);
            chains.get(1).write(bytes, CAPACITY);
            rig.rxDevice.use(chains.get(0), CAPACITY);
            Packet[] packets = new Packet[4];
            assertEquals(0, rig.rx.receive(packets, 0, 4));
            rig.rxDevice.use(chains.get(1), 100);
            assertEquals(1, rig.rx.receive(packets, 0, 4));
            assertEquals(CAPACITY + 100 - NetHeader.BYTES, packets[0].packetLength());
            packets[0].free();
        }
    }

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#plain")
    void shouldForgetPartOfPacketWhoseBackEndWentAway(RingOptions options, int size) {
        try (RingRig rig = new RingRig(options, size, 128)) {
            ReferenceDevice.Chain first = rig.rxDevice.take(1).get(0);
            byte[] bytes = new byte[CAPACITY];
            bytes[NetHeader.NUM_BUFFERS] = 2;
            first.write(bytes, 0);
            rig.rxDevice.use(first, CAPACITY);
            assertEquals(0, rig.rx.receive(new Packet[4], 0, 4));
            rig.restartRx();
            rig.rxDevice.use(deliver(rig.rxDevice.take(1).get(0), 60), 60 + NetHeader.BYTES);
            Packet[] packets = new Packet[4];
            assertEquals(1, rig.rx.receive(packets, 0, 4));
            assertEquals(60, packets[0].packetLength());
            packets[0].free();
        }
    }

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#plain")
    void shouldStandStillWhenLengthsOrNumbersCannotBe(RingOptions options, int size) {
        int[][] lengthAndBuffers = {
            {NetHeader.BYTES - 1, 1},
            {CAPACITY + 1, 1},
            {-1, 1},
            {0, 1},
            {100, 0},
            {100, size + 1},
            {100, 0xFFFF}
        };
        for (int[] wrong : lengthAndBuffers) {
            try (RingRig rig = new RingRig(options, size, 128)) {
                ReferenceDevice.Chain chain = rig.rxDevice.take(1).get(0);
                byte[] bytes = new byte[CAPACITY];
                bytes[NetHeader.NUM_BUFFERS] = (byte) wrong[1];
                bytes[NetHeader.NUM_BUFFERS + 1] = (byte) (wrong[1] >> 8);
                chain.write(bytes, 0);
                rig.rxDevice.use(chain, wrong[0]);
                assertEquals(0, rig.rx.receive(new Packet[4], 0, 4));
                assertTrue(Objects.requireNonNull(rig.rx.fault()).contains("must be"), rig.rx.fault());
                assertEquals(0, rig.rx.receive(new Packet[4], 0, 4));
                rig.restartRx();
                assertNull(rig.rx.fault());
                assertEquals(size, rig.rxDevice.take(size + 1).size());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#plain")
    void shouldStandStillWhenSecondBufferIsTooLong(RingOptions options, int size) {
        try (RingRig rig = new RingRig(options, size, 128)) {
            List<ReferenceDevice.Chain> chains = rig.rxDevice.take(2);
            byte[] bytes = new byte[CAPACITY];
            bytes[NetHeader.NUM_BUFFERS] = 2;
            chains.get(0).write(bytes, 0);
            rig.rxDevice.use(chains, new int[] {CAPACITY, CAPACITY + 1});
            assertEquals(0, rig.rx.receive(new Packet[4], 0, 4));
            assertTrue(Objects.requireNonNull(rig.rx.fault()).contains("length=" + (CAPACITY + 1)), rig.rx.fault());
        }
    }

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#plain")
    void shouldStandStillWhenTheDeviceUsesWhatIsNotInFlight(RingOptions options, int size) {
        for (int id : new int[] {size, 0x8000, 0xFFFF}) {
            try (RingRig rig = new RingRig(options, size, 128)) {
                ReferenceDevice.Chain chain = rig.rxDevice.take(1).get(0);
                rig.rxDevice.use(new ReferenceDevice.Chain(id, 1, chain.buffers()), 60);
                assertEquals(0, rig.rx.receive(new Packet[4], 0, 4));
                assertTrue(Objects.requireNonNull(rig.rx.fault()).contains("id=" + id), rig.rx.fault());
            }
        }
    }

    @Test
    void shouldSurviveAnEmptyPool() {
        RingOptions options = new RingOptions(false, false, false, false, true, false);
        try (RingRig rig = new RingRig(options, 16, 20)) {
            List<Packet> held = new ArrayList<>();
            Packet[] packets = new Packet[1];
            while (true) {
                List<ReferenceDevice.Chain> chains = rig.rxDevice.take(1);
                if (chains.isEmpty()) {
                    break;
                }
                rig.rxDevice.use(deliver(chains.get(0), 60), 60 + NetHeader.BYTES);
                assertEquals(1, rig.rx.receive(packets, 0, 1));
                held.add(packets[0]);
            }
            assertEquals(20, held.size());
            held.forEach(Packet::free);
            assertEquals(0, rig.rx.receive(packets, 0, 1));
            assertEquals(16, rig.rxDevice.take(17).size());
        }
    }

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#all")
    void shouldAskForCallsOnlyWhenTold(RingOptions options, int size) {
        try (RingRig rig = new RingRig(options, size, 4 * size + 128)) {
            Packet[] packets = new Packet[1];
            for (int i = 0; i < 3 * size + 7; i++) {
                boolean wanted = i % 3 != 0;
                assertFalse(rig.rx.wantCalls(wanted));
                rig.rxDevice.use(deliver(rig.rxDevice.take(1).get(0), 60), 60 + NetHeader.BYTES);
                assertEquals(wanted, rig.rxDevice.mustCall(), "packet " + i);
                assertTrue(rig.rx.wantCalls(false));
                assertEquals(1, rig.rx.receive(packets, 0, 1));
                packets[0].free();
                assertEquals(0, rig.rx.receive(packets, 0, 1));
            }
        }
    }
}
