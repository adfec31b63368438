// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.LinuxFaults;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.SystemCall;
import io.vhost4j.core.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A front-end's whole life with every kernel call of its own failing once: it works, or says why not, and leaves nothing behind. */
@ExtendWith({EventThreadAlive.class, LeakCheck.class})
@Timeout(300)
class FrontEndFaultTest {
    private static final Map<SystemCall, List<Integer>> CAUSES = new EnumMap<>(Map.ofEntries(
            Map.entry(SystemCall.SOCKET, List.of(Errno.EMFILE)),
            Map.entry(SystemCall.CONNECT, List.of(Errno.ECONNREFUSED, Errno.EAGAIN, Errno.EINTR)),
            Map.entry(SystemCall.EPOLL_CREATE, List.of(Errno.EMFILE)),
            Map.entry(SystemCall.EPOLL_CTL, List.of(Errno.ENOMEM)),
            Map.entry(SystemCall.EVENTFD, List.of(Errno.EMFILE)),
            Map.entry(SystemCall.MMAP, List.of(Errno.ENOMEM)),
            Map.entry(SystemCall.FSTAT, List.of(Errno.ENOMEM)),
            Map.entry(SystemCall.FSTATFS, List.of(Errno.EIO)),
            Map.entry(SystemCall.FCNTL, List.of(Errno.EMFILE)),
            Map.entry(SystemCall.MEMFD_CREATE, List.of(Errno.EMFILE)),
            Map.entry(SystemCall.FTRUNCATE, List.of(Errno.ENOSPC)),
            Map.entry(SystemCall.RECVMSG, List.of(Errno.EAGAIN, Errno.ECONNRESET, Errno.EINTR)),
            Map.entry(SystemCall.SENDMSG, List.of(Errno.EAGAIN, Errno.EPIPE, Errno.EINTR)),
            Map.entry(SystemCall.POLL, List.of(Errno.ENOMEM, Errno.EINTR)),
            Map.entry(SystemCall.CLOSE, List.of(Errno.EIO, Errno.EINTR))));

    @TempDir
    Path directory;

    private final Thread self = Thread.currentThread();

    /** Fails one call of the test's thread or of the front-end's own. */
    private final class Fault implements LinuxFaults.Hook {
        private final SystemCall call;
        private final int occurrence;
        private final int errno;
        private final Map<SystemCall, Integer> seen = new EnumMap<>(SystemCall.class);
        private boolean hit;

        Fault(SystemCall call, int occurrence, int errno) {
            this.call = call;
            this.occurrence = occurrence;
            this.errno = errno;
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // identity is what is asked
        public synchronized int failWith(SystemCall made, long firstArgument) {
            Thread current = Thread.currentThread();
            if (current != self && !current.getName().startsWith("virtio-user ")) {
                return 0;
            }
            boolean fails = seen.merge(made, 1, Integer::sum) == occurrence && made == call;
            hit |= fails;
            return fails ? errno : 0;
        }

        @Override
        public String toString() {
            return call.label() + " number " + occurrence + " fails with " + Errno.name(errno);
        }
    }

    @Test
    void shouldSurviveEveryFailingCall() {
        Path socket = directory.resolve("s");
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true).start()) {
            live(socket);
            Fault counting = new Fault(SystemCall.GETPID, -1, 0);
            try (LinuxFaults.Installed installed = LinuxFaults.install(counting)) {
                assertEquals("", live(socket), installed::toString);
            }
            List<String> failures = new ArrayList<>();
            CAUSES.forEach((call, causes) -> {
                for (int occurrence = 1; occurrence <= counting.seen.getOrDefault(call, 0); occurrence++) {
                    for (int errno : causes) {
                        tryOne(socket, new Fault(call, occurrence, errno), failures);
                    }
                }
            });
            assertTrue(counting.seen.size() > 8, counting.seen::toString);
            assertEquals(List.of(), failures, backEnd::toString);
        }
    }

    private void tryOne(Path socket, Fault fault, List<String> failures) {
        try {
            String trouble;
            try (LinuxFaults.Installed installed = LinuxFaults.install(fault)) {
                trouble = live(socket);
                assertTrue(fault.hit || trouble.isEmpty(), installed::toString);
            }
            boolean said = trouble.isEmpty() || trouble.contains(Errno.name(fault.errno));
            assertTrue(said, () -> "says only: " + trouble);
            assertEquals("", live(socket), "the next one");
        } catch (AssertionError | RuntimeException e) {
            failures.add(fault + ": " + e);
        }
    }

    /** Connects, exchanges packets and ends; what went wrong, or nothing. */
    private static String live(Path socket) {
        long descriptors = OwnedFd.openCount();
        long mappings = Mapping.openCount();
        String trouble = "";
        try (VirtioUser user = VirtioUser.builder(socket)
                .reconnect(false)
                .bufferCount(1024)
                .connectTimeout(Duration.ofSeconds(5))
                .connect()) {
            new Exchange(user, 0, new Random(1), 60, 1000).run(20);
        } catch (VhostException | NativeException e) {
            trouble = e.getMessage();
        }
        awaitNothingLeft(descriptors, mappings);
        return trouble;
    }

    /** The back-end, which is in this process too, lets go of the connection a little later. */
    private static void awaitNothingLeft(long descriptors, long mappings) {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (OwnedFd.openCount() != descriptors || Mapping.openCount() != mappings) {
            assertTrue(
                    System.nanoTime() < deadline,
                    () -> "descriptors: " + descriptors + " before, " + OwnedFd.openCount() + " after; mappings: "
                            + mappings + " before, " + Mapping.openCount() + " after");
            Thread.yield();
        }
    }
}
