// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.GET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.SEND_RARP;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_KICK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.QueueWaiter;
import io.vhost4j.VhostDevice;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sleeping until a guest notifies. */
@ExtendWith(LeakCheck.class)
@Timeout(30)
class QueueWaiterTest {
    private static final int NO_FD = 0x100;
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Duration LONG = Duration.ofSeconds(20);

    private EventFd kick;
    private SessionFixture fixture;
    private VhostDevice device;
    private QueueWaiter waiter;

    @BeforeEach
    void open() {
        kick = EventFd.create();
        fixture = new SessionFixture();
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        device = fixture.ops.device();
        for (int queue = 0; queue < 2; queue++) {
            fixture.describeRing(queue, 256, 0);
            fixture.enable(queue, 1);
        }
        fixture.frontend.send(SET_VRING_KICK, Payload.number(0 | NO_FD));
        fixture.frontend.send(SET_VRING_KICK, Payload.number(1), kick.fd());
        waiter = QueueWaiter.builder()
                .spin(Duration.ZERO)
                .giveWay(Duration.ZERO)
                .sleep(LONG)
                .build();
        waiter.add(device, 1);
        assertTrue(waiter.await(LONG), "a queue that was just added is looked at");
        assertFalse(waiter.await(SHORT));
    }

    @AfterEach
    void close() {
        waiter.close();
        fixture.close();
        kick.close();
    }

    /** The guest offers a chain in its transmit ring. */
    private void offer() {
        long avail = fixture.guest.avail(1);
        fixture.guest.putU16(avail + 2, fixture.guest.getU16(avail + 2) + 1);
    }

    /** Runs {@code action} when another thread sleeps, and waits until that returns. */
    private void wakes(Runnable action) throws InterruptedException {
        CountDownLatch about = new CountDownLatch(1);
        boolean[] result = new boolean[1];
        Thread thread = Thread.ofPlatform().start(() -> {
            about.countDown();
            result[0] = waiter.await(LONG);
        });
        about.await();
        while (thread.getState() == Thread.State.NEW) {
            Thread.onSpinWait();
        }
        action.run();
        assertTrue(thread.join(Duration.ofSeconds(10)), "still asleep");
        assertTrue(result[0]);
    }

    /** Takes all wake-ups of a change that comes in several steps. */
    private void letItSleep() {
        boolean woken = true;
        while (woken) {
            woken = waiter.await(SHORT);
        }
    }

    @Test
    void shouldSleepUntilTheGuestNotifies() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            wakes(kick::signal);
            assertFalse(waiter.await(SHORT), "notified once");
        }
    }

    @Test
    void shouldAskTheGuestToNotifyOnlyWhileAsleep() throws InterruptedException {
        long flags = fixture.guest.used(1);
        assertEquals(1, fixture.guest.getU16(flags), "VRING_USED_F_NO_NOTIFY");
        wakes(() -> {
            while (fixture.guest.getU16(flags) != 0) {
                Thread.onSpinWait();
            }
            kick.signal();
        });
        assertEquals(1, fixture.guest.getU16(flags));
    }

    @Test
    void shouldNotSleepWhileChainsWait() {
        offer();
        assertTrue(waiter.await(LONG));
        assertTrue(device.awaitQueue(1, LONG));
    }

    @Test
    void shouldWakeForTheStateOfARing() throws InterruptedException {
        wakes(() -> fixture.enable(1, 0));
        offer();
        assertFalse(waiter.await(SHORT), "nothing may be taken from a ring that is not enabled");
        wakes(() -> fixture.enable(1, 1));
    }

    @Test
    void shouldWakeForAnAnnouncement() throws InterruptedException {
        wakes(() -> fixture.frontend.send(SEND_RARP, Payload.number(0x0605_0403_0201L)));
        assertTrue(waiter.await(LONG), "it was not taken yet");
    }

    @Test
    void shouldFollowTheKickDescriptor() throws InterruptedException {
        try (EventFd other = EventFd.create()) {
            wakes(() -> fixture.frontend.send(SET_VRING_KICK, Payload.number(1), other.fd()));
            kick.signal();
            assertFalse(waiter.await(SHORT), "the old one");
            wakes(other::signal);
        }
        wakes(() -> fixture.frontend.send(GET_VRING_BASE, Payload.state(1, 0)));
        letItSleep();
        kick.signal();
        assertFalse(waiter.await(SHORT), "the ring has stopped");
    }

    /** Another process may have the descriptor open, so the kernel alone would not forget it. */
    @Test
    void shouldTakeASocketForAKick() throws InterruptedException {
        UnixSocket.Pair pair = UnixSocket.pair();
        try (UnixSocket ours = pair.first();
                UnixSocket theirs = pair.second();
                Arena arena = Arena.ofConfined()) {
            wakes(() -> fixture.frontend.send(SET_VRING_KICK, Payload.number(1), theirs.fd()));
            MemorySegment bytes = arena.allocate(200);
            wakes(() -> ours.send(bytes, 0, 200));
            assertFalse(waiter.await(SHORT), "all was read");
            wakes(() -> ours.send(bytes, 0, 1));
        }
    }

    @Test
    void shouldPollAGuestThatDoesNotNotify() {
        fixture.frontend.send(SET_VRING_KICK, Payload.number(1 | NO_FD));
        assertTrue(waiter.await(LONG));
        assertTrue(waiter.await(LONG), "after a millisecond");
        offer();
        assertTrue(waiter.await(LONG));
    }

    @Test
    void shouldWakeByHand() throws InterruptedException {
        wakes(waiter::wakeup);
        waiter.wakeup();
        assertTrue(waiter.await(LONG));
        assertFalse(waiter.await(SHORT));
    }

    @Test
    void shouldForgetAQueueThatWasRemoved() throws InterruptedException {
        waiter.remove(device, 1);
        waiter.remove(device, 1);
        kick.signal();
        assertFalse(waiter.await(SHORT));
        waiter.add(device, 1);
        waiter.add(device, 1);
        assertTrue(waiter.await(LONG));
        wakes(kick::signal);
    }

    @Test
    void shouldForgetADeviceThatIsGone() throws InterruptedException {
        CountDownLatch ended = new CountDownLatch(1);
        wakes(() -> {
            fixture.frontend.close();
            fixture.work();
            ended.countDown();
        });
        assertTrue(ended.await(1, TimeUnit.SECONDS));
        letItSleep();
        waiter.add(device, 1);
        assertFalse(waiter.await(SHORT));
        assertTrue(device.awaitQueue(1, LONG), "there is nothing to wait for");
    }

    @Test
    void shouldEndASleepWhenClosed() throws InterruptedException {
        wakes(waiter::close);
        assertTrue(waiter.await(LONG));
        waiter.close();
        assertThrows(IllegalStateException.class, () -> waiter.add(device, 1));
    }

    @Test
    void shouldAwaitOneRing() throws InterruptedException {
        assertTrue(device.awaitQueue(1, LONG), "looked at once");
        assertFalse(device.awaitQueue(1, SHORT));
        Thread thread = Thread.ofPlatform().start(() -> device.awaitQueue(1, LONG));
        kick.signal();
        assertTrue(thread.join(Duration.ofSeconds(10)));
    }

    @Test
    void shouldSpinBeforeItSleeps() {
        try (QueueWaiter patient = QueueWaiter.builder()
                .spin(Duration.ofMillis(20))
                .giveWay(Duration.ofMillis(20))
                .sleep(Duration.ofMillis(30))
                .build()) {
            patient.add(device, 1);
            patient.await(LONG);
            long start = System.nanoTime();
            int rounds = 0;
            while (System.nanoTime() - start < Duration.ofMillis(30).toNanos()) {
                patient.idle(0);
                rounds++;
            }
            assertTrue(rounds > 1000, "rounds without sleep: " + rounds);
            patient.idle(1);
            rounds = 0;
            start = System.nanoTime();
            while (System.nanoTime() - start < Duration.ofMillis(200).toNanos()) {
                patient.idle(0);
                rounds = System.nanoTime() - start > Duration.ofMillis(100).toNanos() ? rounds + 1 : 0;
            }
            assertTrue(rounds < 100, "rounds of a thread that sleeps: " + rounds);
        }
    }

    @Test
    void shouldRefuseAKickOfAnotherKind() {
        try (OwnedFd file = MemFd.create("kick", 4096)) {
            assertEquals(1, fixture.frontend.sendForAck(SET_VRING_KICK, Payload.number(1), file.fd()));
        }
        assertThrows(IllegalArgumentException.class, () -> QueueWaiter.builder().sleep(Duration.ofMillis(-1)));
    }
}
