// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.net.NetOptions;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Fails if the data path has become much slower, whatever the machine: what counts is the time of a forwarded packet in relation to
 * {@link ReferenceLoop}'s. The two take turns in short windows, and of each the fastest window counts: one that nothing disturbed.
 */
@Timeout(120)
class RatioGateTest {
    private static final int BURST = 32;
    private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    /** Until both are compiled. */
    private static final long WARM_UP_NANOS = TimeUnit.MILLISECONDS.toNanos(1500);

    private static final int TURNS = 100;
    /** More turns, if the first were not enough: where a machine is busy, undisturbed windows are rare. */
    private static final int ATTEMPTS = 3;

    private final Packet[] packets = new Packet[BURST];

    /** One side of the comparison, with guests of its own. */
    private static final class Guests implements AutoCloseable {
        final Guest sender;
        final Guest receiver;

        Guests(RingLayout layout, int bytes) {
            sender = new Guest(layout, 0, NetHeader.BYTES + bytes, 1);
            receiver = new Guest(layout, DescFlags.WRITE, Guest.BUFFER, 1);
        }

        void provide() {
            sender.provide(BURST);
            receiver.provide(BURST);
        }

        @Override
        public void close() {
            sender.close();
            receiver.close();
        }
    }

    /** The limits are about twice of what was measured when they were set. */
    @ParameterizedTest
    @CsvSource({"SPLIT, 64, 5", "PACKED, 64, 5", "SPLIT, 1518, 3"})
    void shouldTakeFewTimesAsLongAsTheLeastPossible(RingLayout layout, int bytes, double limit) {
        try (BufferPool pool = new BufferPool(PacketPool.builder().count(1024));
                Guests ours = new Guests(layout, bytes);
                Guests others = new Guests(layout, bytes);
                ReferenceLoop reference = new ReferenceLoop(others.sender, others.receiver, BURST)) {
            NetQueue fromGuest = queue(1, ours.sender);
            NetQueue toGuest = queue(0, ours.receiver);
            Runnable subjectBurst = () -> forward(ours, fromGuest, toGuest, pool);
            Runnable referenceBurst = () -> {
                others.provide();
                reference.forward();
            };
            nanosEach(subjectBurst, WARM_UP_NANOS);
            nanosEach(referenceBurst, WARM_UP_NANOS / 3);
            double subjectNanos = Double.MAX_VALUE;
            double referenceNanos = Double.MAX_VALUE;
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                for (int i = 0; i < TURNS; i++) {
                    referenceNanos = Math.min(referenceNanos, nanosEach(referenceBurst, WINDOW_NANOS));
                    subjectNanos = Math.min(subjectNanos, nanosEach(subjectBurst, WINDOW_NANOS));
                }
                if (subjectNanos <= limit * referenceNanos) {
                    break;
                }
            }
            String result = String.format(
                    "%s, %d bytes: %.1f ns for each packet, %.2f times the reference's %.1f",
                    layout, bytes, subjectNanos, subjectNanos / referenceNanos, referenceNanos);
            System.out.println(result);
            assertTrue(subjectNanos <= limit * referenceNanos, result + "; the limit is " + limit);
            assertEquals(0, pool.inUse());
        }
    }

    private void forward(Guests guests, NetQueue fromGuest, NetQueue toGuest, BufferPool pool) {
        guests.provide();
        int taken = fromGuest.dequeueBurst(pool, packets, 0, BURST);
        int given = toGuest.enqueueBurst(packets, 0, taken);
        pool.freeBulk(packets, 0, taken);
        if (given != BURST) {
            throw new IllegalStateException(taken + " packets taken, " + given + " given, not " + BURST);
        }
    }

    private static NetQueue queue(int index, Guest guest) {
        NetQueue queue = new NetQueue(index, new QuietListener(), new NetOptions(true, false, false, false));
        queue.pause();
        queue.start(guest.setup(), guest.memory());
        queue.setEnabled(true);
        queue.setActive(true);
        queue.resume();
        return queue;
    }

    private static double nanosEach(Runnable burst, long nanos) {
        long start = System.nanoTime();
        long bursts = 0;
        long passed;
        do {
            for (int i = 0; i < 16; i++) {
                burst.run();
            }
            bursts += 16;
            passed = System.nanoTime() - start;
        } while (passed < nanos);
        return (double) passed / (bursts * BURST);
    }
}
