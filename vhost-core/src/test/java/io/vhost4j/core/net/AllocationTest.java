// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.async.CopyBatch;
import io.vhost4j.async.DmaCapabilities;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.core.testkit.AllocationMeter;
import io.vhost4j.packet.Packet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bursts make no garbage. */
final class AllocationTest {
    private static final int SIZE = 256;
    private static final int BURST = 32;
    private static final int ROUNDS = 2000;

    /** A driver that makes no objects: it offers the same chains, one or two descriptors long, again and again. */
    private static final class Replay {
        private final RingSetup setup;
        private final int chainLength;
        private final long buffer;
        private final boolean writable;
        private int slot;
        private boolean wrap = true;
        private int availIdx;

        Replay(NetRig rig, int chainLength, boolean writable) {
            setup = rig.driver.setup(rig.features);
            this.chainLength = chainLength;
            this.writable = writable;
            buffer = rig.image.allocate(16384, 64);
        }

        void offer(int chains) {
            for (int i = 0; i < chains; i++) {
                for (int d = 0; d < chainLength; d++) {
                    describe(d);
                }
                if (!setup.packed()) {
                    int head = slot - chainLength;
                    HostWindow.setShort(setup.driver() + 4 + 2L * (availIdx++ % SIZE), head);
                }
                if (slot == SIZE) {
                    slot = 0;
                    wrap = !wrap;
                }
            }
            if (!setup.packed()) {
                HostWindow.setShortRelease(setup.driver() + 2, availIdx);
            }
        }

        private void describe(int position) {
            int flags = (writable ? 2 : 0) | (position + 1 < chainLength ? 1 : 0);
            int bytes = chainLength == 1 ? 4096 : position == 0 ? 12 : 4096;
            long at = setup.desc() + 16L * slot;
            HostWindow.setLong(at, buffer + 4096L * position);
            HostWindow.setInt(at + 8, bytes);
            if (setup.packed()) {
                HostWindow.setShort(at + 12, slot);
                HostWindow.setShortRelease(at + 14, flags | (wrap ? 0x80 : 0x8000));
            } else {
                HostWindow.setShort(at + 12, flags);
                HostWindow.setShort(at + 14, slot + 1);
            }
            slot++;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "false,1,true",
        "false,1,false",
        "false,2,true",
        "true,1,true",
        "true,1,false",
        "true,2,true",
        "true,2,false"
    })
    void shouldDequeueWithoutGarbage(boolean packed, int chainLength, boolean statistics) {
        NetOptions options = new NetOptions(statistics, false, false, false);
        try (NetRig rig = new NetRig(packed, NetRig.TRANSMIT, SIZE, NetRig.MODERN, options)) {
            Replay driver = new Replay(rig, chainLength, false);
            Packet[] packets = new Packet[BURST];
            long bytes = AllocationMeter.steadyBytesAllocatedBy(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                    driver.offer(BURST);
                    // 4096 bytes less the header need a chain of two buffers of the pool
                    int done = rig.queue.dequeueBurst(rig.pool, packets, 0, BURST);
                    assertTrue(done == BURST && packets[0].segmentCount() == 2);
                    rig.pool.freeBulk(packets, 0, done);
                }
            });
            assertEquals(0, bytes);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "false,1,60,true", "false,1,60,false", "false,2,60,true", "false,1,3000,true", "false,1,6000,true",
        "true,1,60,true", "true,1,60,false", "true,2,60,true", "true,1,3000,false", "true,1,6000,true"
    })
    void shouldEnqueueWithoutGarbage(boolean packed, int chainLength, int bytesEach, boolean statistics) {
        NetOptions options = new NetOptions(statistics, false, false, false);
        try (NetRig rig = new NetRig(packed, NetRig.RECEIVE, SIZE, NetRig.MERGEABLE, options)) {
            Replay driver = new Replay(rig, chainLength, true);
            Packet[] packets = new Packet[BURST];
            for (int i = 0; i < BURST; i++) {
                packets[i] = rig.packet(NetRig.frame(bytesEach, i));
            }
            int chainsEach = Math.ceilDiv(bytesEach + 12, 4096);
            long bytes = AllocationMeter.steadyBytesAllocatedBy(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                    driver.offer(BURST * chainsEach);
                    assertTrue(rig.queue.enqueueBurst(packets, 0, BURST) == BURST);
                }
            });
            assertEquals(0, bytes);
            rig.pool.freeBulk(packets, 0, BURST);
        }
    }

    /** Copies at once, and makes no objects. */
    private static final class PlainChannel implements DmaChannel {
        private final DmaCapabilities capabilities = new DmaCapabilities(true, 64, 4096, false);
        private final long[] ended = new long[4096];
        private int count;

        @Override
        public DmaCapabilities capabilities() {
            return capabilities;
        }

        @Override
        public int transferData(CopyBatch batch) {
            int taken = Math.min(batch.count(), ended.length - count);
            for (int i = 0; i < taken; i++) {
                HostWindow.copy(batch.source(i), batch.target(i), batch.length(i));
                ended[count++] = batch.opaque(i);
            }
            return taken;
        }

        @Override
        public int checkCompletedCopies(long[] completed) {
            int told = Math.min(count, completed.length);
            count -= told;
            System.arraycopy(ended, count, completed, 0, told);
            return told;
        }

        @Override
        public void cancel() {
            count = 0;
        }

        @Override
        public void close() {
            // nothing to give back
        }
    }

    @ParameterizedTest
    @CsvSource({"false,1,60", "false,2,3000", "true,1,60", "true,2,6000"})
    void shouldSubmitWithoutGarbage(boolean packed, int chainLength, int bytesEach) {
        try (NetRig rig = new NetRig(packed, NetRig.RECEIVE, SIZE, NetRig.MERGEABLE, NetRig.PLAIN)) {
            rig.use(AsyncFeatures.DEFAULT.withThreshold(0), new PlainChannel());
            Replay driver = new Replay(rig, chainLength, true);
            Packet[] packets = new Packet[BURST];
            for (int i = 0; i < BURST; i++) {
                packets[i] = rig.packet(NetRig.frame(bytesEach, i));
            }
            int chainsEach = Math.ceilDiv(bytesEach + 12, 4096);
            CompletedPackets back = new CompletedPackets(BURST);
            long bytes = AllocationMeter.steadyBytesAllocatedBy(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                    driver.offer(BURST * chainsEach);
                    assertTrue(rig.queue.async().submit(packets, 0, BURST, back) == BURST && back.count() == BURST);
                    back.clear();
                }
            });
            assertEquals(0, bytes);
            rig.pool.freeBulk(packets, 0, BURST);
        }
    }

    @ParameterizedTest
    @CsvSource({"false,1", "false,2", "true,1", "true,2"})
    void shouldTakeWithoutGarbage(boolean packed, int chainLength) {
        try (NetRig rig = new NetRig(packed, NetRig.TRANSMIT, SIZE, NetRig.MODERN, NetRig.PLAIN)) {
            rig.use(AsyncFeatures.DEFAULT.withThreshold(0), new PlainChannel());
            Replay driver = new Replay(rig, chainLength, false);
            Packet[] packets = new Packet[BURST];
            long bytes = AllocationMeter.steadyBytesAllocatedBy(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                    driver.offer(BURST);
                    int done = rig.queue.async().tryDequeue(rig.pool, packets, 0, BURST);
                    assertTrue(done == BURST && packets[0].segmentCount() == 2);
                    rig.pool.freeBulk(packets, 0, done);
                }
            });
            assertEquals(0, bytes);
        }
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void shouldMakeNoGarbageWhenThePoolIsEmpty(boolean packed) {
        try (NetRig rig = new NetRig(packed, NetRig.TRANSMIT, SIZE, NetRig.MODERN, NetRig.PLAIN)) {
            Packet[] all = new Packet[rig.pool.size()];
            assertTrue(rig.pool.allocateBulk(all, 0, all.length));
            new Replay(rig, 1, false).offer(BURST);
            Packet[] packets = new Packet[BURST];
            long bytes = AllocationMeter.steadyBytesAllocatedBy(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                    assertTrue(rig.queue.dequeueBurst(rig.pool, packets, 0, BURST) == 0);
                }
            });
            assertEquals(0, bytes);
            rig.pool.freeBulk(all, 0, all.length);
        }
    }
}
