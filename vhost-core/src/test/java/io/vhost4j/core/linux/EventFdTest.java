// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.AllocationMeter;
import io.vhost4j.core.testkit.LeakCheck;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
final class EventFdTest {
    /** The largest value that the counter can hold. */
    private static final long FULL = 0xFFFF_FFFF_FFFF_FFFEL;

    private static void add(int fd, long value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_LONG, value);
            assertEquals(8, FileCalls.write(fd, bytes, 0, 8));
        }
    }

    /** A counter whose file status flags a peer made blocking. */
    private static EventFd blocking() {
        EventFd event = EventFd.create();
        FileCalls.setStatusFlags(event.fd(), FileCalls.O_RDWR);
        EventFd adopted = EventFd.adopt(FileCalls.dup(event.fd()));
        event.close();
        return adopted;
    }

    @Test
    void shouldCountSignals() {
        try (EventFd event = EventFd.create()) {
            assertEquals(0, event.drain());
            assertTrue(event.signal());
            assertTrue(event.signal());
            assertEquals(2, event.drain());
            assertEquals(0, event.drain());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldReportAFullCounterInsteadOfBlocking(boolean received) {
        try (EventFd event = received ? blocking() : EventFd.create()) {
            add(event.fd(), FULL);
            event.signal();
            assertTrue(Long.compareUnsigned(event.drain(), FULL) >= 0);
            assertTrue(event.signal());
            assertEquals(1, event.drain());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldNotBlockWithoutAsynchronousReads(boolean full) {
        try (EventFd event = blocking();
                LinuxFaults.Installed faults =
                        LinuxFaults.install((call, arg) -> call == SystemCall.IO_SUBMIT ? Errno.EINVAL : 0)) {
            if (full) {
                add(event.fd(), FULL);
            }
            assertEquals(!full, event.signal(), faults::toString);
            assertEquals(full ? FULL : 1, event.drain());
        }
    }

    @Test
    void shouldNotWaitForAPeerThatFillsTheCounterBehindALook() throws InterruptedException {
        AtomicBoolean filled = new AtomicBoolean();
        try (EventFd event = blocking();
                LinuxFaults.Installed faults = LinuxFaults.install((call, arg) -> {
                    boolean signals = call == SystemCall.IO_SUBMIT || call == SystemCall.WRITE;
                    if (signals && filled.compareAndSet(false, true)) {
                        add(event.fd(), FULL);
                    }
                    return 0;
                })) {
            Thread signaller = Thread.ofPlatform().daemon().start(event::signal);
            boolean ended = signaller.join(Duration.ofSeconds(10));
            event.drain();
            assertTrue(ended, faults::toString);
            assertTrue(filled.get());
        }
    }

    @Test
    void shouldNotBlockOnABlockingCounter() {
        try (EventFd event = blocking()) {
            assertEquals(0, event.drain());
            assertTrue(event.signal());
            assertEquals(1, event.drain());
            assertEquals(FileCalls.O_RDWR, FileCalls.statusFlags(event.fd()));
        }
    }

    @Test
    void shouldNotBlockOnKernelsThatCannotReadWithoutWaiting() {
        try (EventFd event = blocking();
                LinuxFaults.Installed faults =
                        LinuxFaults.install((call, arg) -> call == SystemCall.PREADV2 ? Errno.EOPNOTSUPP : 0)) {
            assertEquals(0, event.drain(), faults::toString);
            assertTrue(event.signal());
            assertEquals(1, event.drain());
        }
    }

    @Test
    void shouldKnowAnEventFd() {
        try (EventFd event = EventFd.create();
                OwnedFd file = MemFd.create("none", 1)) {
            assertTrue(EventFd.isEventFd(event.fd()));
            assertFalse(EventFd.isEventFd(file.fd()));
            assertFalse(EventFd.isEventFd(999_999));
        }
    }

    @Test
    void shouldRefuseAndCloseOtherFiles() {
        OwnedFd file = MemFd.create("other", 1);
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> EventFd.adopt(file));
        assertTrue(e.getMessage().contains("is neither an eventfd nor a pipe nor a socket"), e.getMessage());
        assertFalse(file.isOpen());
    }

    @Test
    void shouldSignalThroughASocketWithoutWaiting() {
        try (UnixSocket.Pair pair = UnixSocket.pair();
                EventFd signalled = EventFd.adopt(FileCalls.dup(pair.first().fd()))) {
            while (signalled.signal()) {
                assertTrue((Poll.await(pair.second().fd(), Poll.IN, 0) & Poll.IN) != 0);
            }
            pair.second().close();
            assertFalse(signalled.signal());
        }
    }

    @Test
    void shouldNotThrowForAPeersDescriptorThatCannotBeWritten() {
        try (UnixSocket socket = UnixSocket.open();
                EventFd unconnected = EventFd.adopt(FileCalls.dup(socket.fd()))) {
            assertFalse(unconnected.signal());
        }
        Set<SystemCall> ways = EnumSet.of(SystemCall.IO_SUBMIT, SystemCall.PWRITEV2, SystemCall.POLL, SystemCall.WRITE);
        try (EventFd event = blocking();
                LinuxFaults.Installed faults =
                        LinuxFaults.install((call, arg) -> ways.contains(call) ? Errno.ENOMEM : 0)) {
            assertFalse(event.signal(), faults::toString);
        }
    }

    @Test
    void shouldSayWhatTheKernelRefused() {
        try (EventFd event = EventFd.create();
                LinuxFaults.Installed faults =
                        LinuxFaults.install((call, arg) -> call == SystemCall.WRITE ? Errno.EIO : 0)) {
            NativeException e = assertThrows(NativeException.class, event::signal, faults::toString);
            assertEquals("write(fd=" + event.fd() + "): EIO (Input/output error)", e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldNotAllocate(boolean received) {
        int rounds = 20_000;
        try (EventFd event = received ? blocking() : EventFd.create()) {
            Runnable work = () -> {
                for (int i = 0; i < rounds; i++) {
                    event.signal();
                    event.drain();
                }
            };
            long allocated = AllocationMeter.steadyBytesAllocatedBy(work);
            assertEquals(0, allocated, () -> allocated + " bytes in " + rounds + " rounds");
        }
    }
}
