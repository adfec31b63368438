// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.vhost4j.VhostDevice;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of packets that a DMA channel has taken from a guest that goes. */
class PollThreadTest {
    private static final int TAKEN = 80;
    private static final int TRANSMIT = 1;

    private final VhostDevice from = mock(VhostDevice.class);
    private final VhostDevice to = mock(VhostDevice.class);
    private final PacketPool pool = PacketPool.builder().count(128).build();
    private final AtomicInteger taken = new AtomicInteger(TAKEN);
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger room = new AtomicInteger(Integer.MAX_VALUE);
    private final List<Throwable> failures = new ArrayList<>();
    private final PollThread thread = thread(null);

    @BeforeEach
    void makeDevices() {
        when(from.asyncGetInflight(TRANSMIT)).thenAnswer(call -> taken.get());
        when(from.clearQueue(eq(TRANSMIT), any())).thenAnswer(call -> {
            CompletedPackets completed = call.getArgument(1);
            int before = completed.count();
            for (; completed.room() > 0 && taken.get() > 0; taken.decrementAndGet()) {
                completed.add(pool.allocate());
            }
            return completed.count() - before;
        });
        when(to.submitEnqueueBurst(anyInt(), any(), anyInt(), anyInt(), any())).thenAnswer(call -> {
            Packet[] packets = call.getArgument(1);
            int first = call.getArgument(2);
            int count = Math.min(call.getArgument(3), room.get());
            for (int i = first; i < first + count; i++) {
                packets[i].free();
            }
            room.addAndGet(-count);
            sent.addAndGet(count);
            return count;
        });
    }

    @AfterEach
    void stop() {
        thread.stop();
        assertEquals(List.of(), failures);
        pool.close(); // which finds what was not freed
    }

    @Test
    void shouldSendOnWhatWasTakenFromAGuestThatGoes() throws InterruptedException {
        thread.start();
        await(thread.assign(List.of(lane(to)), Set.of(from, to)));
        await(thread.assign(List.of(), Set.of(to)));
        assertEquals(0, taken.get());
        assertEquals(TAKEN, sent.get());
    }

    @Test
    void shouldSendOnWhatWasTakenWhenItStops() throws InterruptedException {
        thread.start();
        await(thread.assign(List.of(lane(to)), Set.of(from, to)));
        thread.stop();
        assertEquals(TAKEN, sent.get());
    }

    @Test
    void shouldLetAGuestGoWhenTheOtherTakesNothing() throws InterruptedException {
        room.set(40);
        Lane lane = lane(to);
        thread.start();
        await(thread.assign(List.of(lane), Set.of(from, to)));
        await(thread.assign(List.of(), Set.of(to)));
        thread.stop();
        assertEquals(40, sent.get());
        assertEquals(TAKEN - 40, lane.targetFlow.dropped.get());
    }

    @Test
    void shouldLetBothGuestsGo() throws InterruptedException {
        thread.start();
        await(thread.assign(List.of(lane(to)), Set.of(from, to)));
        await(thread.assign(List.of(), Set.of()));
        assertEquals(0, sent.get());
        assertEquals(TAKEN, taken.get());
    }

    @Test
    void shouldCountWhatWasTakenThoughNobodyGetsIt() throws InterruptedException {
        Lane lane = lane(null);
        thread.start();
        await(thread.assign(List.of(lane), Set.of(from)));
        await(thread.assign(List.of(), Set.of()));
        assertEquals(TAKEN, lane.sourceFlow.fromGuestPackets.get());
    }

    @Test
    void shouldTakeNoMoreThanMayBeMoved() throws InterruptedException {
        PollThread limited = thread(new PacketBudget(50, () -> {}));
        limited.start();
        await(limited.assign(List.of(lane(to)), Set.of(from, to)));
        await(limited.assign(List.of(), Set.of(to)));
        limited.stop();
        assertEquals(50, sent.get());
        assertEquals(TAKEN - 50, taken.get());
    }

    private PollThread thread(PacketBudget budget) {
        Mover mover = new Mover(pool, budget, null, true);
        Engine engine = new RelayEngine(mover, false, false);
        return new PollThread("poll", -1, engine, mover, new Idling(Duration.ZERO, false), failures::add);
    }

    private Lane lane(VhostDevice target) {
        return new Lane(new Lane.Ends(from, TRANSMIT, target, 0), new Port(0, "a", 1), new Port(1, "b", 1), 0);
    }

    private static void await(CountDownLatch adopted) throws InterruptedException {
        assertTrue(adopted.await(20, TimeUnit.SECONDS), "not acknowledged");
    }
}
