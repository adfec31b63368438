// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.AllocationMeter;
import io.vhost4j.core.testkit.LeakCheck;
import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
final class EpollTest {
    @Test
    void shouldReportTokensAndEvents() {
        try (Epoll epoll = Epoll.create(8);
                EventFd first = EventFd.create();
                EventFd second = EventFd.create()) {
            epoll.add(first.fd(), Epoll.IN, 0x1122334455667788L);
            epoll.add(second.fd(), Epoll.IN | Epoll.OUT, -2);
            assertEquals(1, epoll.await(0));
            assertEquals(-2, epoll.token(0));
            assertEquals(Epoll.OUT, epoll.events(0));
            first.signal();
            second.signal();
            assertEquals(2, epoll.await(-1));
            int at = epoll.token(0) == -2 ? 1 : 0;
            assertEquals(0x1122334455667788L, epoll.token(at));
            assertEquals(Epoll.IN, epoll.events(at));
            assertEquals(Epoll.IN | Epoll.OUT, epoll.events(1 - at));
            assertThrows(IndexOutOfBoundsException.class, () -> epoll.token(2));
        }
    }

    @Test
    void shouldReportMoreThanOneWaitHolds() {
        try (Epoll epoll = Epoll.create(1);
                EventFd first = EventFd.create();
                EventFd second = EventFd.create()) {
            epoll.add(first.fd(), Epoll.IN, 1);
            epoll.add(second.fd(), Epoll.IN, 2);
            first.signal();
            second.signal();
            Set<Long> seen = new HashSet<>();
            for (int wait = 0; wait < 4; wait++) {
                int count = epoll.await(0);
                for (int i = 0; i < count; i++) {
                    seen.add(epoll.token(i));
                }
            }
            assertEquals(Set.of(1L, 2L), seen);
        }
    }

    @Test
    void shouldModifyAndRemove() {
        try (Epoll epoll = Epoll.create(8);
                EventFd event = EventFd.create()) {
            epoll.add(event.fd(), Epoll.IN, 1);
            NativeException twice = assertThrows(NativeException.class, () -> epoll.add(event.fd(), Epoll.IN, 1));
            assertEquals(Errno.EEXIST, twice.errno());
            event.signal();
            epoll.modify(event.fd(), 0, 1);
            assertEquals(0, epoll.await(0));
            epoll.modify(event.fd(), Epoll.IN, 7);
            assertEquals(1, epoll.await(0));
            assertEquals(7, epoll.token(0));
            epoll.remove(event.fd());
            assertEquals(0, epoll.await(0));
            NativeException gone = assertThrows(NativeException.class, () -> epoll.remove(event.fd()));
            assertEquals(Errno.ENOENT, gone.errno());
        }
    }

    @Test
    void shouldReportAPeerThatWentAway() {
        try (Epoll epoll = Epoll.create(8);
                UnixSocket.Pair pair = UnixSocket.pair()) {
            epoll.add(pair.first().fd(), Epoll.IN | Epoll.RDHUP, 1);
            assertEquals(0, epoll.await(0));
            pair.second().close();
            assertEquals(1, epoll.await(-1));
            assertEquals(Epoll.IN | Epoll.RDHUP | Epoll.HUP, epoll.events(0));
        }
    }

    @Test
    void shouldWakeUpOnce() throws InterruptedException {
        try (Epoll epoll = Epoll.create(1);
                EventFd event = EventFd.create()) {
            epoll.add(event.fd(), Epoll.IN, 1);
            Thread other = new Thread(epoll::wakeup);
            other.start();
            assertEquals(0, epoll.await(-1));
            other.join();
            epoll.wakeup();
            epoll.wakeup();
            event.signal();
            assertEquals(1, epoll.await(-1), "a wake-up takes no caller's place");
            event.drain();
            assertEquals(0, epoll.await(1));
        }
    }

    @Test
    void shouldRefuseTheReservedTokenAndOddSizes() {
        try (Epoll epoll = Epoll.create(1)) {
            assertThrows(IllegalArgumentException.class, () -> epoll.add(0, Epoll.IN, Epoll.WAKE_TOKEN));
        }
        assertThrows(IllegalArgumentException.class, () -> Epoll.create(0));
        assertThrows(IllegalArgumentException.class, () -> Epoll.create(65537));
    }

    @Test
    void shouldLeaveNothingWhenItCannotBeMade() {
        for (SystemCall failing : new SystemCall[] {SystemCall.EPOLL_CREATE, SystemCall.EPOLL_CTL}) {
            try (LinuxFaults.Installed faults =
                    LinuxFaults.install((call, arg) -> call == failing ? Errno.EMFILE : 0)) {
                NativeException e = assertThrows(NativeException.class, () -> Epoll.create(1), faults::toString);
                assertEquals(failing.label(), e.call());
            }
        }
    }

    @Test
    void shouldWaitForTheRemainingTimeAfterAnInterruption() {
        AtomicInteger calls = new AtomicInteger();
        try (Epoll epoll = Epoll.create(1);
                LinuxFaults.Installed faults = LinuxFaults.install((call, arg) -> {
                    return call == SystemCall.EPOLL_WAIT && calls.incrementAndGet() < 4 ? Errno.EINTR : 0;
                })) {
            long start = System.nanoTime();
            assertEquals(0, epoll.await(30), faults::toString);
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            assertEquals(4, calls.get());
            assertTrue(millis >= 29, () -> "waited " + millis + " ms");
        }
    }

    @Test
    void shouldNotAllocate() {
        int rounds = 20_000;
        try (Epoll epoll = Epoll.create(4);
                EventFd event = EventFd.create()) {
            epoll.add(event.fd(), Epoll.IN, 1);
            event.signal();
            Runnable work = () -> {
                long tokens = 0;
                for (int i = 0; i < rounds; i++) {
                    epoll.await(0);
                    tokens += epoll.token(0);
                }
                assertEquals(rounds, tokens);
            };
            long allocated = AllocationMeter.steadyBytesAllocatedBy(work);
            assertEquals(0, allocated, () -> allocated + " bytes in " + rounds + " rounds");
        }
    }

    @Test
    void shouldPollOneDescriptor() {
        try (EventFd event = EventFd.create();
                UnixSocket.Pair pair = UnixSocket.pair();
                Arena arena = Arena.ofConfined()) {
            assertEquals(0, Poll.await(event.fd(), Poll.IN, 0));
            assertEquals(Poll.OUT, Poll.await(event.fd(), Poll.IN | Poll.OUT, -1));
            event.signal();
            assertEquals(Poll.IN, Poll.await(event.fd(), Poll.IN, 60_000));
            assertEquals(Poll.NVAL, Poll.await(999_999, Poll.IN, -1));
            pair.second().send(arena.allocate(1), 0, 1);
            pair.second().close();
            assertEquals(Poll.IN | Poll.HUP, Poll.await(pair.first().fd(), Poll.IN, -1));
            long start = System.nanoTime();
            assertEquals(0, Poll.await(event.fd(), 0, 20));
            assertFalse(System.nanoTime() - start < TimeUnit.MILLISECONDS.toNanos(20));
        }
    }
}
