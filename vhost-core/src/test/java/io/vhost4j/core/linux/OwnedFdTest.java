// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
final class OwnedFdTest {
    private static OwnedFd some() {
        return MemFd.create("owned", 1);
    }

    @Test
    void shouldCountWhatIsOpen() {
        long before = OwnedFd.openCount();
        OwnedFd fd = some();
        assertEquals(before + 1, OwnedFd.openCount());
        fd.close();
        fd.close();
        assertEquals(before, OwnedFd.openCount());
    }

    @Test
    void shouldRefuseUseAfterClose() {
        OwnedFd fd = some();
        fd.close();
        assertFalse(fd.isOpen());
        assertThrows(IllegalStateException.class, fd::fd);
        assertThrows(IllegalStateException.class, fd::release);
        assertThrows(IllegalStateException.class, fd::dup);
    }

    @Test
    void shouldGiveOwnershipAway() {
        OwnedFd first = some();
        int number = first.release();
        first.close();
        try (OwnedFd second = OwnedFd.of(number)) {
            assertEquals(1, FileStatus.of(second.fd()).sizeBytes());
        }
    }

    @Test
    void shouldDuplicate() {
        OwnedFd first = some();
        OwnedFd second = first.dup();
        assertNotEquals(first.fd(), second.fd());
        assertEquals(
                FileStatus.of(first.fd()).inode(), FileStatus.of(second.fd()).inode());
        first.close();
        assertEquals(1, FileStatus.of(second.fd()).sizeBytes());
        second.close();
    }

    @Test
    void shouldRefuseNegativeNumbers() {
        assertThrows(IllegalArgumentException.class, () -> OwnedFd.of(-1));
    }

    @Test
    void shouldReportClosingWhatSomebodyElseClosed() {
        OwnedFd fd = some();
        OwnedFd impostor = OwnedFd.of(fd.fd());
        impostor.close();
        NativeException e = assertThrows(NativeException.class, fd::close);
        assertEquals(Errno.EBADF, e.errno());
    }

    @Test
    void shouldCloseOnceFromManyThreads() throws Exception {
        int threads = 4;
        AtomicInteger closes = new AtomicInteger();
        CyclicBarrier start = new CyclicBarrier(threads);
        try (LinuxFaults.Installed faults = LinuxFaults.install((call, arg) -> {
                    if (call == SystemCall.CLOSE) {
                        closes.incrementAndGet();
                    }
                    return 0;
                });
                ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (int round = 0; round < 200; round++) {
                OwnedFd fd = some();
                closes.set(0);
                List<Future<?>> done = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    done.add(pool.submit(() -> {
                        start.await();
                        fd.close();
                        return null;
                    }));
                }
                for (Future<?> one : done) {
                    one.get();
                }
                assertEquals(1, closes.get(), () -> "closes of " + fd + " under " + faults);
            }
        }
    }

    @Test
    void shouldBeGoneWhenCloseReportsAnError() {
        OwnedFd fd = some();
        int number = fd.fd();
        try (LinuxFaults.Installed faults =
                LinuxFaults.install((call, arg) -> call == SystemCall.CLOSE ? Errno.EIO : 0)) {
            fd.close();
            assertFalse(fd.isOpen(), faults::toString);
        }
        NativeException gone = assertThrows(NativeException.class, () -> FileStatus.of(number));
        assertEquals(Errno.EBADF, gone.errno());
    }

    @Test
    void shouldNotRepeatAnInterruptedClose() {
        AtomicInteger closes = new AtomicInteger();
        OwnedFd fd = some();
        try (LinuxFaults.Installed faults = LinuxFaults.install((call, arg) -> {
            closes.incrementAndGet();
            return Errno.EINTR;
        })) {
            fd.close();
            assertEquals(1, closes.get(), faults::toString);
        }
        assertTrue(closes.get() == 1);
    }
}
