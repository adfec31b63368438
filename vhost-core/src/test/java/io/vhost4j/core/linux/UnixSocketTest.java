// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.LeakCheck;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
final class UnixSocketTest {
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory = arena.allocate(64 * 1024);

    @TempDir
    Path directory;

    @AfterEach
    void freeMemory() {
        arena.close();
    }

    private MemorySegment bytes(String text) {
        return arena.allocateFrom(text);
    }

    private void exchange(String path) {
        try (UnixSocket listener = UnixSocket.open();
                UnixSocket client = UnixSocket.open()) {
            listener.bind(path);
            listener.listen(1);
            assertEquals(Optional.empty(), listener.accept());
            client.connect(path);
            try (UnixSocket server = listener.accept().orElseThrow();
                    FdBag bag = new FdBag()) {
                assertEquals(Errno.WOULD_BLOCK, server.receive(memory, 0, 10, bag));
                assertEquals(6, client.send(bytes("hello"), 0, 6));
                assertEquals(6, server.receive(memory, 100, 1000, bag));
                assertEquals("hello", memory.getString(100));
                assertEquals(LinuxProcess.pid(), server.peerCredentials().pid());
                assertEquals(0, client.pendingError());
                client.shutdown(UnixSocket.SHUT_WR);
                assertEquals(0, server.receive(memory, 0, 10, bag));
            }
        }
    }

    @Test
    void shouldExchangeBytesByPath() {
        String path = directory.resolve("s.sock").toString();
        exchange(path);
        assertTrue(FileCalls.unlink(path));
        assertFalse(FileCalls.unlink(path));
    }

    @Test
    void shouldExchangeBytesByAbstractName() {
        exchange("@vhost4j-test-" + LinuxProcess.pid());
    }

    @Test
    void shouldTellSocketsWithANameFromPairs() {
        String path = directory.resolve("named.sock").toString();
        try (UnixSocket listener = UnixSocket.open();
                UnixSocket client = UnixSocket.open();
                UnixSocket.Pair pair = UnixSocket.pair();
                EventFd event = EventFd.create()) {
            listener.bind(path);
            listener.listen(1);
            client.connect(path);
            try (UnixSocket accepted = listener.accept().orElseThrow()) {
                assertTrue(UnixSocket.isNamed(client.fd()), "the end that connected");
                assertTrue(UnixSocket.isNamed(accepted.fd()), "the end that was accepted");
            }
            assertTrue(UnixSocket.isNamed(listener.fd()));
            assertFalse(UnixSocket.isNamed(pair.first().fd()));
            assertFalse(UnixSocket.isNamed(event.fd()));
        }
    }

    @Test
    void shouldTakePathsOf107Bytes() {
        String path = "@" + "a".repeat(100) + LinuxProcess.pid();
        exchange(path + "b".repeat(108 - path.length()));
        try (UnixSocket socket = UnixSocket.open()) {
            String tooLong = directory + "/" + "x".repeat(108);
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> socket.bind(tooLong));
            assertTrue(e.getMessage().contains("1 to 107") && e.getMessage().endsWith(tooLong), e.getMessage());
            assertThrows(IllegalArgumentException.class, () -> socket.connect(""));
            assertThrows(IllegalArgumentException.class, () -> socket.connect("@"));
            assertThrows(IllegalArgumentException.class, () -> socket.connect("a\0b"));
        }
    }

    @Test
    void shouldSayWhyBindingAndConnectingFail() {
        String path = directory.resolve("s.sock").toString();
        try (UnixSocket socket = UnixSocket.open();
                UnixSocket other = UnixSocket.open()) {
            assertEquals(-Errno.ENOENT, other.tryConnect(path));
            socket.bind(path);
            assertEquals(-Errno.ECONNREFUSED, other.tryConnect(path));
            NativeException inUse = assertThrows(NativeException.class, () -> other.bind(path));
            assertEquals("bind(" + path + "): EADDRINUSE (Address already in use)", inUse.getMessage());
            NativeException refused = assertThrows(NativeException.class, () -> other.connect(path));
            assertEquals(Errno.ECONNREFUSED, refused.errno());
        }
    }

    @Test
    void shouldReportAFullBacklog() {
        String name = "@vhost4j-backlog-" + LinuxProcess.pid();
        try (UnixSocket listener = UnixSocket.open();
                UnixSocket first = UnixSocket.open();
                UnixSocket second = UnixSocket.open()) {
            listener.bind(name);
            listener.listen(0);
            assertEquals(0, first.tryConnect(name));
            assertEquals(-Errno.EAGAIN, second.tryConnect(name));
        }
    }

    @Test
    void shouldPassDescriptors() {
        try (UnixSocket.Pair pair = UnixSocket.pair();
                FdBag bag = new FdBag();
                OwnedFd file = MemFd.create("passed", 4711)) {
            assertEquals(1, pair.first().send(memory, 0, 1, new int[] {file.fd(), file.fd()}));
            assertEquals(1, pair.second().receive(memory, 0, 100, bag));
            assertEquals(2, bag.size());
            assertFalse(bag.truncated());
            try (OwnedFd received = bag.take(1)) {
                assertEquals(4711, FileStatus.of(received.fd()).sizeBytes());
                assertThrows(IllegalStateException.class, () -> bag.take(1));
                assertThrows(IndexOutOfBoundsException.class, () -> bag.take(2));
            }
        }
    }

    @Test
    void shouldPassAsManyDescriptorsAsTheKernelAllows() {
        try (UnixSocket.Pair pair = UnixSocket.pair();
                FdBag bag = new FdBag();
                OwnedFd file = MemFd.create("many", 1)) {
            int[] fds = new int[FdBag.MAX_FDS];
            java.util.Arrays.fill(fds, file.fd());
            assertEquals(1, pair.first().send(memory, 0, 1, fds));
            assertEquals(1, pair.second().receive(memory, 0, 100, bag));
            assertEquals(FdBag.MAX_FDS, bag.size());
            assertFalse(bag.truncated());
            int[] tooMany = new int[FdBag.MAX_FDS + 1];
            assertThrows(IllegalArgumentException.class, () -> pair.first().send(memory, 0, 1, tooMany));
        }
    }

    @Test
    void shouldDeliverDescriptorsWithTheFirstByteOfAPartialRead() {
        try (UnixSocket.Pair pair = UnixSocket.pair();
                FdBag bag = new FdBag();
                OwnedFd file = MemFd.create("partial", 1)) {
            assertEquals(8, pair.first().send(memory, 0, 8, new int[] {file.fd()}));
            assertEquals(3, pair.second().receive(memory, 0, 3, bag));
            assertEquals(1, bag.size());
            assertEquals(5, pair.second().receive(memory, 3, 100, bag));
            assertEquals(1, bag.size());
        }
    }

    @Test
    void shouldGatherDescriptorsOfSeveralMessagesAndCloseWhatIsTooMuch() {
        try (UnixSocket.Pair pair = UnixSocket.pair();
                FdBag bag = new FdBag(3);
                OwnedFd file = MemFd.create("gather", 1)) {
            int[] two = {file.fd(), file.fd()};
            pair.first().send(memory, 0, 1, two);
            pair.first().send(memory, 0, 1, two);
            assertEquals(1, pair.second().receive(memory, 0, 100, bag));
            assertFalse(bag.truncated());
            assertEquals(1, pair.second().receive(memory, 0, 100, bag));
            assertEquals(3, bag.size());
            assertTrue(bag.truncated());
            bag.clear();
            assertEquals(0, bag.size());
            assertFalse(bag.truncated());
        }
    }

    @Test
    void shouldKeepEveryDescriptorOwnedWhenClosingTheRestFails() {
        try (UnixSocket.Pair pair = UnixSocket.pair();
                OwnedFd file = MemFd.create("fails", 1)) {
            FdBag bag = new FdBag(1);
            pair.first().send(memory, 0, 1, new int[] {file.fd(), file.fd(), file.fd()});
            try (LinuxFaults.Installed faults =
                    LinuxFaults.install((call, arg) -> call == SystemCall.CLOSE ? Errno.EBADF : 0)) {
                assertEquals(1, pair.second().receive(memory, 0, 100, bag));
                assertTrue(bag.truncated());
                NativeException e = assertThrows(NativeException.class, bag::close, faults::toString);
                assertEquals(2, e.getSuppressed().length);
            }
            bag.close();
        }
    }

    @Test
    void shouldReportControlDataThatDidNotFit() {
        try (UnixSocket.Pair pair = UnixSocket.pair();
                FdBag bag = new FdBag();
                OwnedFd file = MemFd.create("ctrunc", 1)) {
            pair.first().send(memory, 0, 1, new int[] {file.fd(), file.fd(), file.fd(), file.fd()});
            // space for the header and two of the four
            assertEquals(1, pair.second().receive(memory, 0, 100, bag, 24));
            assertTrue(bag.truncated());
            assertEquals(2, bag.size());
        }
    }

    @Test
    void shouldWouldBlockWhenThePeerDoesNotRead() {
        try (UnixSocket.Pair pair = UnixSocket.pair()) {
            long sent = 0;
            long result = pair.first().send(memory, 0, memory.byteSize());
            while (result > 0) {
                sent += result;
                result = pair.first().send(memory, 0, memory.byteSize());
            }
            assertEquals(Errno.WOULD_BLOCK, result);
            assertTrue(sent > 0);
        }
    }

    @Test
    void shouldThrowAndNotDieWhenThePeerIsGone() {
        try (UnixSocket.Pair pair = UnixSocket.pair();
                FdBag bag = new FdBag()) {
            pair.second().close();
            NativeException e =
                    assertThrows(NativeException.class, () -> pair.first().send(memory, 0, 1));
            assertEquals(Errno.EPIPE, e.errno());
            assertEquals(0, pair.first().receive(memory, 0, 1, bag));
        }
        try (UnixSocket.Pair pair = UnixSocket.pair();
                FdBag bag = new FdBag()) {
            pair.first().send(memory, 0, 1);
            pair.second().close();
            NativeException e =
                    assertThrows(NativeException.class, () -> pair.first().receive(memory, 0, 1, bag));
            assertEquals(Errno.ECONNRESET, e.errno());
        }
    }

    @Test
    void shouldCheckMemoryBeforeTheKernelSeesIt() {
        MemorySegment heap = MemorySegment.ofArray(new byte[8]);
        MemorySegment closed;
        try (Arena shortLived = Arena.ofConfined()) {
            closed = shortLived.allocate(8);
        }
        try (UnixSocket.Pair pair = UnixSocket.pair();
                FdBag bag = new FdBag()) {
            UnixSocket socket = pair.first();
            assertThrows(IllegalArgumentException.class, () -> socket.send(heap, 0, 8));
            assertThrows(IllegalStateException.class, () -> socket.send(closed, 0, 8));
            assertThrows(IndexOutOfBoundsException.class, () -> socket.send(memory, memory.byteSize() - 1, 2));
            assertThrows(IndexOutOfBoundsException.class, () -> socket.receive(memory, -1, 2, bag));
            assertThrows(IllegalArgumentException.class, () -> socket.receive(memory.asReadOnly(), 0, 2, bag));
            assertThrows(IllegalArgumentException.class, () -> socket.receive(memory, 0, 0, bag));
        }
    }

    @Test
    void shouldMoveEveryByteWhenTransfersAreShort() {
        memory.fill((byte) 0);
        try (UnixSocket.Pair pair = UnixSocket.pair();
                FdBag bag = new FdBag();
                LinuxFaults.Installed faults = LinuxFaults.install(ShortTransfers.OF_THREE_BYTES)) {
            MemorySegment text = bytes("0123456789");
            assertEquals(3, pair.first().send(text, 0, 11), faults::toString);
            assertEquals(3, pair.first().send(text, 3, 8));
            assertEquals(3, pair.second().receive(memory, 0, 100, bag));
            assertEquals(3, pair.second().receive(memory, 3, 100, bag));
        }
        assertArrayEquals(
                new byte[] {'0', '1', '2', '3', '4', '5', 0},
                memory.asSlice(0, 7).toArray(ValueLayout.JAVA_BYTE));
    }
}
