// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
final class LinuxProcessTest {
    /** Runs on a thread of its own, so that a changed affinity ends with it. */
    private static <T> T onNewThread(boolean virtual, Callable<T> work) throws Exception {
        FutureTask<T> task = new FutureTask<>(work);
        Thread thread =
                virtual ? Thread.ofVirtual().start(task) : Thread.ofPlatform().start(task);
        thread.join();
        return task.get();
    }

    @Test
    void shouldKnowItself() throws Exception {
        assertEquals(ProcessHandle.current().pid(), LinuxProcess.pid());
        int tid = LinuxProcess.tid();
        assertTrue(Files.exists(Path.of("/proc/self/task/" + tid)));
        assertNotEquals(tid, onNewThread(false, LinuxProcess::tid));
        assertEquals(1, Long.bitCount(LinuxProcess.pageSize()));
        assertTrue(LinuxProcess.pageSize() >= 4096);
    }

    @Test
    void shouldKnowLimits() throws IOException {
        assertEquals(
                limitOfProc("Max open files"), LinuxProcess.openFilesLimit().toString());
        assertEquals(
                limitOfProc("Max locked memory"),
                LinuxProcess.lockedMemoryLimit().toString());
    }

    private static String limitOfProc(String name) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
            if (line.startsWith(name)) {
                String[] values = line.substring(name.length())
                        .replace("unlimited", "-1")
                        .strip()
                        .split(" +");
                return new LinuxProcess.Limit(Long.parseLong(values[0]), Long.parseLong(values[1])).toString();
            }
        }
        throw new AssertionError(name + " is not in /proc/self/limits");
    }

    @Test
    void shouldPinTheCallingThreadOnly() throws Exception {
        BitSet all = CpuAffinity.ofCurrentThread();
        int last = all.length() - 1;
        BitSet pinned = onNewThread(false, () -> {
            CpuAffinity.pinCurrentThread(last);
            assertEquals(last, CpuAffinity.currentCpu());
            return CpuAffinity.ofCurrentThread();
        });
        BitSet expected = new BitSet();
        expected.set(last);
        assertEquals(expected, pinned);
        assertEquals(all, CpuAffinity.ofCurrentThread());
        assertTrue(all.get(CpuAffinity.currentCpu()));
    }

    @Test
    void shouldRefuseProcessorsThatAreNotThere() throws Exception {
        NativeException e =
                onNewThread(false, () -> assertThrows(NativeException.class, () -> CpuAffinity.pinCurrentThread(8191)));
        assertEquals("sched_setaffinity(cpus={8191}): EINVAL (Invalid argument)", e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> CpuAffinity.pinCurrentThread(-1));
        assertThrows(IllegalArgumentException.class, () -> CpuAffinity.pinCurrentThread(8192));
        assertThrows(IllegalArgumentException.class, () -> CpuAffinity.setCurrentThread(new BitSet()));
    }

    @Test
    void shouldRefuseVirtualThreads() {
        ExecutionException e = assertThrows(
                ExecutionException.class,
                () -> onNewThread(true, () -> {
                    CpuAffinity.pinCurrentThread(0);
                    return null;
                }));
        assertEquals(IllegalStateException.class, e.getCause().getClass());
    }

    @Test
    void shouldTellWhetherPageFaultsCanBeServed() {
        int result = UserFaultFd.tryOpen(UserFaultFd.UFFD_USER_MODE_ONLY);
        if (result >= 0) {
            try (OwnedFd fd = OwnedFd.of(result)) {
                assertEquals(FileCalls.O_NONBLOCK, FileCalls.statusFlags(fd.fd()) & FileCalls.O_NONBLOCK);
            }
        } else {
            assertTrue(
                    result == -Errno.ENOSYS || result == -Errno.EPERM || result == -Errno.EINVAL,
                    () -> Errno.name(-result));
        }
    }
}
