// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vhost4j.core.testkit.LeakCheck;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
final class LinuxFaultsTest {
    @Test
    void shouldRepeatInterruptedCalls() {
        AtomicInteger attempts = new AtomicInteger();
        try (LinuxFaults.Installed faults = LinuxFaults.install((call, arg) -> {
            return call == SystemCall.MEMFD_CREATE && attempts.incrementAndGet() < 5 ? Errno.EINTR : 0;
        })) {
            MemFd.create("again", 1).close();
            assertEquals(5, attempts.get(), faults::toString);
        }
    }

    @Test
    void shouldTellTheFirstArgument() {
        try (OwnedFd spared = MemFd.create("spared", 1);
                OwnedFd hit = MemFd.create("hit", 1);
                LinuxFaults.Installed faults = LinuxFaults.install(
                        (call, arg) -> call == SystemCall.FTRUNCATE && arg == hit.fd() ? Errno.ENOSPC : 0)) {
            FileCalls.ftruncate(spared.fd(), 2);
            NativeException e =
                    assertThrows(NativeException.class, () -> FileCalls.ftruncate(hit.fd(), 2), faults::toString);
            assertEquals(Errno.ENOSPC, e.errno());
        }
    }

    @Test
    void shouldShortenTransfers() {
        try (Arena arena = Arena.ofConfined();
                OwnedFd file = MemFd.create("short", 0);
                LinuxFaults.Installed faults = LinuxFaults.install(ShortTransfers.OF_THREE_BYTES)) {
            MemorySegment memory = arena.allocate(100);
            assertEquals(3, FileCalls.write(file.fd(), memory, 0, 100), faults::toString);
            assertEquals(3, FileStatus.of(file.fd()).sizeBytes());
            assertEquals(3, FileCalls.pwrite(file.fd(), memory, 0, 100, 3));
            assertEquals(3, FileCalls.pread(file.fd(), memory, 0, 100, 0));
            assertEquals(3, FileCalls.read(file.fd(), memory, 0, 100));
        }
    }

    @Test
    void shouldHoldOneHookAtATime() {
        LinuxFaults.Installed first = LinuxFaults.install((call, arg) -> 0);
        assertThrows(IllegalStateException.class, () -> LinuxFaults.install((call, arg) -> 0));
        first.close();
        LinuxFaults.Installed second =
                LinuxFaults.install((call, arg) -> call == SystemCall.MEMFD_CREATE ? Errno.EMFILE : 0);
        first.close();
        assertThrows(NativeException.class, () -> MemFd.create("still", 1));
        second.close();
    }
}
