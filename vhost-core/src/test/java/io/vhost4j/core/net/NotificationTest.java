// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.SplitDriver;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
final class NotificationTest {
    private static final long EVENT_IDX = NetRig.MODERN | VirtioFeature.RING_EVENT_IDX.mask();

    private static void setCall(NetRig rig, EventFd call) {
        rig.queue.pause();
        rig.queue.setCall(call);
        rig.queue.resume();
    }

    private static void exchange(NetRig rig) {
        rig.send(NetRig.frame(60, 1));
        rig.dequeueBytes();
        rig.driver.collect();
    }

    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void shouldNotifyAsTheGuestWishes(boolean packed, boolean eventIdx) {
        try (EventFd call = EventFd.create();
                NetRig rig =
                        new NetRig(packed, NetRig.TRANSMIT, 8, eventIdx ? EVENT_IDX : NetRig.MODERN, NetRig.PLAIN)) {
            setCall(rig, call);
            rig.driver.wantNoNotification(eventIdx);
            exchange(rig);
            assertEquals(1, call.drain(), "the first, in any case");
            rig.driver.wantNoNotification(eventIdx);
            exchange(rig);
            assertEquals(0, call.drain());
            rig.driver.wantNotification(eventIdx);
            exchange(rig);
            assertEquals(1, call.drain());
            assertEquals(2, rig.listener.notified);
            assertEquals(2, rig.stat("guest_notifications"));
            assertEquals(1, rig.stat("guest_notifications_suppressed"));
            rig.dequeue(4);
            assertEquals(0, call.drain(), "nothing used, nothing to tell");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldAskTheApplicationIfItOffloads(boolean takesOver) {
        try (EventFd call = EventFd.create();
                NetRig rig = new NetRig(false, NetRig.TRANSMIT, 8, NetRig.MODERN, NetRig.PLAIN)) {
            rig.listener.offloads = true;
            rig.listener.takesOver = takesOver;
            setCall(rig, call);
            exchange(rig);
            assertEquals(1, rig.listener.asked);
            assertEquals(takesOver ? 0 : 1, call.drain());
            assertEquals(takesOver ? 1 : 0, rig.stat("guest_notifications_offloaded"));
            assertEquals(takesOver ? 0 : 1, rig.stat("guest_notifications"));
            rig.queue.calls().notifyGuest();
            assertEquals(1, call.drain());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldNotifyOnceForManyChains(boolean packed) {
        try (EventFd call = EventFd.create();
                NetRig rig = new NetRig(packed, NetRig.TRANSMIT, 8, NetRig.MODERN, NetRig.PLAIN)) {
            setCall(rig, call);
            rig.queue.calls().coalesce(4, TimeUnit.HOURS.toNanos(1));
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 3; i++) {
                    exchange(rig);
                    assertEquals(0, call.drain());
                }
                exchange(rig);
                assertEquals(1, call.drain());
            }
            exchange(rig);
            rig.queue.calls().vringCall();
            assertEquals(1, call.drain(), "on request");
            rig.queue.calls().coalesce(0, 0);
            exchange(rig);
            assertEquals(1, call.drain());
            assertEquals(5, rig.stat("guest_notifications"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Timeout(10)
    void shouldNotifyWhenTheFirstChainHasWaited(boolean packed) {
        try (EventFd call = EventFd.create();
                NetRig rig = new NetRig(packed, NetRig.TRANSMIT, 8, NetRig.MODERN, NetRig.PLAIN)) {
            setCall(rig, call);
            long delayNanos = TimeUnit.MILLISECONDS.toNanos(5);
            rig.queue.calls().coalesce(100, delayNanos);
            for (int i = 0; i < 2; i++) {
                long start = System.nanoTime();
                exchange(rig);
                while (call.drain() == 0) {
                    assertEquals(List.of(), rig.dequeue(1), "a poll that finds nothing");
                }
                assertTrue(System.nanoTime() - start >= delayNanos);
            }
        }
    }

    @Test
    void shouldCountANotificationThatCannotBeMade() {
        try (EventFd call = EventFd.create();
                NetRig rig = new NetRig(false, NetRig.TRANSMIT, 8, NetRig.MODERN, NetRig.PLAIN)) {
            setCall(rig, call);
            try (java.lang.foreign.Arena arena = java.lang.foreign.Arena.ofConfined()) {
                // a full counter
                java.lang.foreign.MemorySegment most = arena.allocate(8, 8);
                most.set(java.lang.foreign.ValueLayout.JAVA_LONG, 0, -2L);
                assertEquals(8, FileCalls.write(call.fd(), most, 0, 8));
            }
            exchange(rig);
            assertEquals(1, rig.stat("guest_notifications_error"));
            assertEquals(0, rig.listener.notified);
        }
    }

    @Test
    void shouldDoWithoutAnEventForAPollingGuest() {
        try (NetRig rig = new NetRig(false, NetRig.TRANSMIT, 8, NetRig.MODERN, NetRig.PLAIN)) {
            exchange(rig);
            exchange(rig);
            assertEquals(0, rig.listener.notified);
        }
    }

    @Test
    void shouldCallOnRequestIfTheGuestWishes() {
        try (EventFd call = EventFd.create();
                NetRig rig = new NetRig(false, NetRig.TRANSMIT, 8, NetRig.MODERN, NetRig.PLAIN)) {
            setCall(rig, call);
            exchange(rig);
            call.drain();
            rig.queue.calls().vringCall();
            assertEquals(1, call.drain());
            assertTrue(rig.queue.calls().tryVringCall());
            assertEquals(1, call.drain());
            rig.driver.wantNoNotification(false);
            rig.queue.calls().vringCall();
            assertEquals(0, call.drain());
        }
    }

    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void shouldAskTheGuestToNotifyOrNot(boolean packed, boolean eventIdx) {
        try (NetRig rig = new NetRig(packed, NetRig.TRANSMIT, 8, eventIdx ? EVENT_IDX : NetRig.MODERN, NetRig.PLAIN)) {
            for (boolean wanted : new boolean[] {true, false, true}) {
                assertTrue(rig.queue.enableNotification(wanted));
                rig.send(NetRig.frame(60, 1));
                assertEquals(wanted, rig.driver.deviceWantsNotification(eventIdx));
                rig.dequeueBytes();
                rig.driver.collect();
            }
        }
    }

    @Test
    void shouldTellTheFrontEndOfABrokenRing() {
        try (EventFd error = EventFd.create();
                NetRig rig = new NetRig(false, NetRig.TRANSMIT, 8, NetRig.MODERN, NetRig.PLAIN)) {
            rig.queue.pause();
            rig.queue.setErr(error);
            rig.queue.resume();
            ((SplitDriver) rig.driver).setAvailIdx(1000);
            rig.dequeue(1);
            assertEquals(1, error.drain());
        }
    }
}
