// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(LeakCheck.class)
class TxDriverTest {
    private static final RingOptions SPLIT = new RingOptions(false, false, false, false, true, false);
    private static final RingOptions INDIRECT = new RingOptions(true, false, false, true, true, false);

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#all")
    void shouldDeliverEveryPacketOnceInOrder(RingOptions options, int size) {
        long seed = System.nanoTime();
        try (RingRig rig = new RingRig(options, size, 4 * size + 64)) {
            new Run(rig, new Random(seed)).steps(400, 0);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#all")
    void shouldMakeAvailableAgainWhatWasInFlightWhenTheBackEndWentAway(RingOptions options, int size) {
        long seed = System.nanoTime();
        try (RingRig rig = new RingRig(options, size, 4 * size + 64)) {
            new Run(rig, new Random(seed)).steps(400, 10);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    /** A chain that the device has read, and the number of its packet. */
    private record Taken(ReferenceDevice.Chain chain, int number) {}

    /** Random sends, uses and restarts; packets begin with a number that counts up. */
    private static final class Run {
        private final RingRig rig;
        private final Random random;
        private final TreeMap<Integer, byte[]> inFlight = new TreeMap<>();
        private final List<Taken> taken = new ArrayList<>();
        private int sent;
        private int lastTaken = -1;

        Run(RingRig rig, Random random) {
            this.rig = rig;
            this.random = random;
        }

        void steps(int count, int restartPercent) {
            for (int i = 0; i < count; i++) {
                send();
                take();
                use(random.nextInt(taken.size() + 1));
                if (random.nextInt(100) < restartPercent) {
                    rig.restartTx();
                    taken.clear();
                    lastTaken = -1;
                }
                assertNull(rig.tx.fault());
            }
            take();
            use(taken.size());
            assertEquals(0, rig.tx.reclaim());
            assertEquals(0, inFlight.size());
            assertEquals(sent, rig.tx.counter().packets());
            assertTrue(sent > count / 8, "packets sent: " + sent);
            rig.rx.release();
            assertEquals(0, rig.pool.inUse());
        }

        private void send() {
            int wanted = random.nextInt(5);
            Packet[] burst = new Packet[wanted];
            for (int i = 0; i < wanted; i++) {
                int segments = 1 + random.nextInt(Math.min(4, rig.size));
                byte[] bytes = RingRig.randomBytes(random, segments * (4 + random.nextInt(60)));
                ByteBuffer.wrap(bytes).putInt(sent + i);
                burst[i] = rig.packet(bytes, bytes.length / segments);
            }
            for (int i = 0; i < wanted; i++) {
                if (random.nextInt(8) == 0 && burst[i].segmentCount() < rig.size) {
                    // no room in front of the data: the header goes elsewhere
                    int room = burst[i].headroom();
                    burst[i].prepend(room);
                    burst[i].setInt(0, sent + i);
                }
            }
            byte[][] bytes = new byte[wanted][];
            for (int i = 0; i < wanted; i++) {
                bytes[i] = RingRig.bytesOf(burst[i]);
            }
            int accepted = rig.tx.transmit(burst, 0, wanted);
            for (int i = 0; i < wanted; i++) {
                if (i < accepted) {
                    inFlight.put(sent + i, bytes[i]);
                } else {
                    burst[i].free();
                }
            }
            sent += accepted;
        }

        private void take() {
            for (ReferenceDevice.Chain chain : rig.txDevice.take(rig.size)) {
                byte[] bytes = chain.read();
                assertArrayEquals(new byte[NetHeader.BYTES], Arrays.copyOf(bytes, NetHeader.BYTES), "header");
                int next = inFlight.higherKey(lastTaken);
                assertArrayEquals(inFlight.get(next), Arrays.copyOfRange(bytes, NetHeader.BYTES, bytes.length));
                taken.add(new Taken(chain, next));
                lastTaken = next;
            }
            assertNull(inFlight.higherKey(lastTaken), "everything sent is available");
        }

        private void use(int count) {
            if (!rig.options.inOrder()) {
                Collections.shuffle(taken, random);
            }
            List<Taken> now = new ArrayList<>(taken.subList(0, count));
            taken.subList(0, count).clear();
            now.forEach(each -> inFlight.remove(each.number()));
            List<ReferenceDevice.Chain> chains = now.stream().map(Taken::chain).toList();
            if (count > 0 && rig.options.inOrder() && random.nextBoolean()) {
                rig.txDevice.useBatch(chains, 0);
            } else {
                rig.txDevice.use(chains, new int[count]);
            }
        }
    }

    @Test
    void shouldSendChainsInOneDescriptorWhenIndirect() {
        try (RingRig rig = new RingRig(INDIRECT, 8, 64)) {
            byte[] bytes = RingRig.randomBytes(new Random(1), 7 * 100);
            Packet[] burst = {rig.packet(bytes, 100), rig.packet(bytes, 100)};
            assertEquals(2, rig.tx.transmit(burst, 0, 2));
            List<ReferenceDevice.Chain> chains = rig.txDevice.take(8);
            assertEquals(2, chains.size());
            for (ReferenceDevice.Chain chain : chains) {
                assertEquals(1, chain.descriptors());
                assertEquals(7, chain.buffers().size());
            }
        }
    }

    @Test
    void shouldDropPacketThatNoRingOfThisSizeCanCarry() {
        try (RingRig rig = new RingRig(SPLIT, 4, 64)) {
            byte[] bytes = new byte[500];
            Packet[] burst = {rig.packet(bytes, 100), rig.packet(bytes, 200)};
            assertEquals(2, rig.tx.transmit(burst, 0, 2));
            assertEquals(1, rig.txDevice.take(8).size());
            assertEquals(1, rig.tx.counter().dropped());
            assertEquals(1, rig.tx.counter().packets());
            assertEquals(500, rig.tx.counter().bytes());
        }
    }

    @Test
    void shouldCopyPacketOfAnotherPool() {
        try (RingRig rig = new RingRig(SPLIT, 8, 64);
                BufferPool other = new BufferPool(PacketPool.builder().count(16).dataRoom(1024))) {
            byte[] bytes = RingRig.randomBytes(new Random(2), 900);
            PooledPacket packet = Objects.requireNonNull(other.allocate());
            packet.append(bytes.length);
            packet.setBytes(0, bytes, 0, bytes.length);
            assertEquals(1, rig.tx.transmit(new Packet[] {packet}, 0, 1));
            assertEquals(0, other.inUse());
            byte[] seen = rig.txDevice.take(1).get(0).read();
            assertArrayEquals(bytes, Arrays.copyOfRange(seen, NetHeader.BYTES, seen.length));
        }
    }

    @Test
    void shouldNotWriteIntoSharedPacket() {
        try (RingRig rig = new RingRig(SPLIT, 8, 64)) {
            PooledPacket packet = rig.packet(new byte[100], 100);
            packet.retain();
            packet.prepend(NetHeader.BYTES);
            byte[] mark = RingRig.randomBytes(new Random(3), NetHeader.BYTES);
            packet.setBytes(0, mark, 0, mark.length);
            packet.adjust(NetHeader.BYTES);
            assertEquals(1, rig.tx.transmit(new Packet[] {packet}, 0, 1));
            ReferenceDevice.Chain chain = rig.txDevice.take(1).get(0);
            assertEquals(2, chain.buffers().size());
            rig.txDevice.use(chain, 0);
            rig.tx.reclaim();
            packet.prepend(NetHeader.BYTES);
            byte[] seen = new byte[NetHeader.BYTES];
            packet.getBytes(0, seen, 0, seen.length);
            assertArrayEquals(mark, seen);
            packet.free();
        }
    }

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#all")
    void shouldKickOnlyWhenTheDeviceWantsTo(RingOptions options, int size) {
        try (RingRig rig = new RingRig(options, size, 4 * size + 64)) {
            for (int i = 0; i < 3 * size + 5; i++) {
                boolean wanted = i % 3 != 0;
                rig.txDevice.wantKicks(wanted);
                assertEquals(1, rig.tx.transmit(new Packet[] {rig.packet(new byte[60], 60)}, 0, 1));
                assertEquals(wanted ? 1 : 0, rig.txKick.drain(), "packet " + i);
                rig.txDevice.use(rig.txDevice.take(1).get(0), 0);
                rig.tx.reclaim();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.vhost4j.virtiouser.RingVariants#plain")
    void shouldStandStillWhenTheDeviceUsesWhatIsNotInFlight(RingOptions options, int size) {
        for (int id : new int[] {5, size, 0xFFFF}) {
            try (RingRig rig = new RingRig(options, size, 64)) {
                assertEquals(1, rig.tx.transmit(new Packet[] {rig.packet(new byte[60], 60)}, 0, 1));
                ReferenceDevice.Chain chain = rig.txDevice.take(1).get(0);
                rig.txDevice.use(new ReferenceDevice.Chain(id, 1, chain.buffers()), 0);
                assertEquals(1, rig.tx.reclaim());
                assertTrue(Objects.requireNonNull(rig.tx.fault()).contains("id=" + id), rig.tx.fault());
                Packet more = rig.packet(new byte[60], 60);
                assertEquals(0, rig.tx.transmit(new Packet[] {more}, 0, 1));
                more.free();
                rig.restartTx();
                assertNull(rig.tx.fault());
                assertFalse(rig.txDevice.take(1).isEmpty());
            }
        }
    }

    @Test
    void shouldStandStillWhenTheDeviceUsesMoreThanIsInFlight() {
        try (RingRig rig = new RingRig(SPLIT, 16, 64)) {
            assertEquals(1, rig.tx.transmit(new Packet[] {rig.packet(new byte[60], 60)}, 0, 1));
            ReferenceDevice.Chain chain = rig.txDevice.take(1).get(0);
            rig.txDevice.use(List.of(chain, chain), new int[2]);
            rig.tx.reclaim();
            assertTrue(Objects.requireNonNull(rig.tx.fault()).contains("used.idx="), rig.tx.fault());
        }
    }
}
