// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.packet.Packet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class QueueGateTest {
    @Test
    void shouldLetOneInAtATime() {
        QueueGate gate = new QueueGate();
        assertTrue(gate.tryEnter());
        assertFalse(gate.tryEnter());
        gate.leave();
        gate.close();
        assertFalse(gate.tryEnter());
        gate.open();
        assertTrue(gate.tryEnter());
        gate.leave();
    }

    @Test
    void shouldKeepThreadsApart() throws InterruptedException {
        QueueGate gate = new QueueGate();
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        Thread[] bursts = new Thread[2];
        for (int i = 0; i < bursts.length; i++) {
            bursts[i] = Thread.ofPlatform().start(() -> {
                while (!stop.get()) {
                    if (gate.tryEnter()) {
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        inside.decrementAndGet();
                        gate.leave();
                    }
                }
            });
        }
        for (int i = 0; i < 3000; i++) {
            gate.close();
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            inside.decrementAndGet();
            gate.open();
        }
        stop.set(true);
        for (Thread burst : bursts) {
            burst.join();
        }
        assertEquals(1, most.get());
    }

    /** Bursts on one thread, pauses on another: between pause and resume the ring may be taken away. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldNotRunABurstWhilePaused(boolean packed) throws InterruptedException {
        try (NetRig rig = new NetRig(packed, NetRig.TRANSMIT, 64, NetRig.MODERN, NetRig.PLAIN)) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            AtomicInteger got = new AtomicInteger();
            CountDownLatch running = new CountDownLatch(1);
            Thread burster = Thread.ofPlatform().start(() -> {
                Packet[] packets = new Packet[8];
                running.countDown();
                try {
                    while (!stop.get()) {
                        int n = rig.queue.dequeueBurst(rig.pool, packets, 0, packets.length);
                        got.addAndGet(n);
                        rig.pool.freeBulk(packets, 0, n);
                    }
                } catch (RuntimeException | Error e) {
                    failure.set(e);
                }
            });
            running.await();
            int sent = 0;
            for (int i = 0; i < 2000; i++) {
                if (sent < 200 && rig.driver.room() > 0) {
                    rig.send(NetRig.frame(60, i));
                    sent++;
                }
                rig.queue.pause();
                int used = got.get();
                int base = rig.queue.stop();
                rig.driver.collect();
                assertTrue(got.get() - used <= 8, "only what a burst had before it was paused");
                rig.queue.start(rig.driver.setup(rig.features, base), rig.image.memory(), null);
                rig.queue.resume();
            }
            while (got.get() < sent && failure.get() == null) {
                Thread.onSpinWait();
            }
            stop.set(true);
            burster.join();
            assertNull(failure.get());
            assertEquals(sent, got.get());
            rig.driver.collect();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldServeEachPacketOnceIfTwoThreadsCall(boolean packed) throws InterruptedException {
        try (NetRig rig = new NetRig(packed, NetRig.TRANSMIT, 256, NetRig.MODERN, NetRig.PLAIN)) {
            int rounds = 40;
            AtomicInteger got = new AtomicInteger();
            AtomicBoolean stop = new AtomicBoolean();
            Thread[] threads = new Thread[2];
            for (int t = 0; t < threads.length; t++) {
                threads[t] = Thread.ofPlatform().start(() -> {
                    Packet[] packets = new Packet[8];
                    while (!stop.get()) {
                        int n = rig.queue.dequeueBurst(rig.pool, packets, 0, packets.length);
                        for (int i = 0; i < n; i++) {
                            assertEquals(60, packets[i].packetLength());
                        }
                        rig.pool.freeBulk(packets, 0, n);
                        got.addAndGet(n);
                    }
                });
            }
            for (int round = 1; round <= rounds; round++) {
                for (int i = 0; i < 32; i++) {
                    rig.send(NetRig.frame(60, i));
                }
                while (got.get() < round * 32) {
                    Thread.onSpinWait();
                }
                rig.driver.collect();
            }
            stop.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(rounds * 32, got.get());
        }
    }
}
