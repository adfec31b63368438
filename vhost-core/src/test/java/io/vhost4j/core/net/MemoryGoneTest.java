// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.ring.RingFault;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.packet.Packet;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A front-end that truncates its memory file while we use it. The JVM turns the signal into an {@link InternalError}, but throws it
 * only at a later point of the thread; it must come out of no burst and cost no packet.
 */
@ExtendWith(LeakCheck.class)
final class MemoryGoneTest {
    private static final int WARM_UP = 3000;
    private static final int REPETITIONS = 60;
    private static final int MOMENTS = 250;
    private static final int BURST = 32;

    /** Escapes of the error to here, where nothing can be done about it. */
    private int escapes;

    @ParameterizedTest
    @CsvSource({"false,0", "false,1", "true,0", "true,1"})
    void shouldStopTheRingOnly(boolean packed, int index) {
        for (int i = 0; i < REPETITIONS; i++) {
            // cut off the buffers only, or the ring too
            long keep = i % 2 == 0 ? 1 << 16 : 0;
            try (NetRig rig = new NetRig(packed, index, 256, NetRig.MODERN, NetRig.PLAIN)) {
                Packet[] packets = new Packet[BURST];
                rig.image.allocate(1 << 16, 1);
                pollWarm(rig, packets);
                fill(rig, BURST);
                rig.image.truncate(0, keep);
                int done = pollAfter(rig, packets);
                assertEquals(0, escapes, "errors that came out of a burst, repetition " + i);
                assertEquals(0, done, "packets");
                assertTrue(rig.queue.broken());
                assertEquals(List.of(RingFault.MEMORY_GONE), rig.listener.faults);
                assertEquals(1, rig.stat("ring_faults"));
                for (Packet packet : index == 0 ? packets : new Packet[0]) {
                    packet.free();
                }
            }
        }
    }

    /** The error comes when all packets of the burst have been taken: the caller gets none of them, and the pool has them back. */
    @ParameterizedTest
    @CsvSource({"false", "true"})
    void shouldFreeWhatWasTakenWhenTheLastAccessFails(boolean packed) {
        for (int i = 0; i < REPETITIONS; i++) {
            try (NetRig rig = NetRig.withRingInTwoFiles(packed, NetRig.TRANSMIT, 256)) {
                Packet[] packets = new Packet[BURST];
                Buffer buffer = new Buffer(GuestImage.BASE, 100, false);
                pollWarm(rig, packets, buffer);
                for (int chain = 0; chain < BURST; chain++) {
                    rig.driver.add(List.of(buffer));
                }
                rig.image.truncate(1, 0);
                int done = pollAfter(rig, packets);
                assertEquals(0, escapes, "errors that came out of a burst, repetition " + i);
                assertEquals(0, done, "packets, repetition " + i);
                assertArrayEquals(new Packet[BURST], packets);
                assertEquals(List.of(RingFault.MEMORY_GONE), rig.listener.faults);
            }
        }
    }

    /** Whatever access is the first that finds no memory, in interpreted code (early repetitions) and in compiled code. */
    @ParameterizedTest
    @CsvSource({"false,0", "false,1", "true,0", "true,1"})
    void shouldSurviveATruncationAtAnyMoment(boolean packed, int index) throws InterruptedException {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < MOMENTS; i++) {
            try (NetRig rig = new NetRig(packed, index, 256, NetRig.MODERN, NetRig.PLAIN)) {
                Packet[] packets = new Packet[BURST];
                if (index == 0) {
                    assertTrue(rig.pool.allocateBulk(packets, 0, BURST));
                    for (Packet packet : packets) {
                        packet.append(60);
                    }
                }
                for (int chains = 0; chains < 250; chains += BURST) {
                    fill(rig, Math.min(BURST, 250 - chains));
                }
                long delayNanos = random.nextInt(60_000);
                CountDownLatch go = new CountDownLatch(1);
                Thread truncation = Thread.ofPlatform().start(() -> truncateAfter(rig, go, delayNanos));
                go.countDown();
                pollOneByOne(rig, packets, index == 0);
                truncation.join();
                pollOneByOne(rig, packets, index == 0);
                assertEquals(0, escapes, "errors that came out of a burst, repetition " + i);
                assertTrue(rig.queue.broken());
                for (Packet packet : index == 0 ? packets : new Packet[0]) {
                    packet.free();
                }
            }
        }
    }

    private static void truncateAfter(NetRig rig, CountDownLatch go, long delayNanos) {
        try {
            go.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        long end = System.nanoTime() + delayNanos;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
        rig.image.truncate(0, 0);
    }

    private void pollOneByOne(NetRig rig, Packet[] packets, boolean receive) {
        try {
            for (int i = 0; i < 300 && !rig.queue.broken(); i++) {
                if (receive) {
                    rig.queue.enqueueBurst(packets, 0, 1);
                } else {
                    rig.pool.freeBulk(packets, 0, rig.queue.dequeueBurst(rig.pool, packets, 0, 1));
                }
            }
        } catch (InternalError e) {
            escapes++;
        }
    }

    private void pollWarm(NetRig rig, Packet[] packets) {
        boolean receive = rig.queue.statNames().getFirst().startsWith("tx_");
        if (receive) {
            assertTrue(rig.pool.allocateBulk(packets, 0, BURST));
            for (Packet packet : packets) {
                packet.append(60);
            }
        }
        pollWarm(rig, packets, new Buffer(rig.image.allocate(2048, 1), 100, receive));
    }

    private void pollWarm(NetRig rig, Packet[] packets, Buffer buffer) {
        boolean receive = buffer.writable();
        int rounds = WARM_UP / BURST;
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < BURST; i++) {
                rig.driver.add(List.of(buffer));
            }
            assertEquals(BURST, loop(rig.queue, rig.pool, packets, receive, 3));
            rig.driver.collect();
            if (!receive) {
                rig.pool.freeBulk(packets, 0, BURST);
            }
        }
    }

    private static void fill(NetRig rig, int chains) {
        boolean receive = rig.queue.statNames().getFirst().startsWith("tx_");
        List<Buffer> chain = new ArrayList<>();
        chain.add(new Buffer(rig.image.allocate(2048, 1), 100, receive));
        for (int i = 0; i < chains; i++) {
            rig.driver.add(chain);
        }
    }

    private int pollAfter(NetRig rig, Packet[] packets) {
        boolean receive = rig.queue.statNames().getFirst().startsWith("tx_");
        try {
            return loop(rig.queue, rig.pool, packets, receive, 1);
        } catch (InternalError e) {
            escapes++;
            return 0;
        }
    }

    /** The application's loop, into which the compiler may inline all it likes. */
    private static int loop(NetQueue queue, BufferPool pool, Packet[] packets, boolean receive, int rounds) {
        int done = 0;
        for (int i = 0; i < rounds; i++) {
            if (receive) {
                done += queue.enqueueBurst(packets, done, packets.length - done);
            } else {
                done += queue.dequeueBurst(pool, packets, done, packets.length - done);
            }
        }
        return done;
    }
}
