// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.LeakCheck;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
final class FileCallsTest {
    /** {@code FIONREAD} of {@code asm-generic/ioctls.h}. */
    private static final long FIONREAD = 0x541B;

    @TempDir
    Path directory;

    @Test
    void shouldWriteAndReadAFile() throws IOException {
        Path path = directory.resolve("file");
        try (Arena arena = Arena.ofConfined();
                OwnedFd file = FileCalls.open(path.toString(), FileCalls.O_RDWR | FileCalls.O_CREAT, 0600)) {
            MemorySegment text = arena.allocateFrom("some text");
            assertEquals(9, FileCalls.write(file.fd(), text, 0, 9));
            assertEquals(4, FileCalls.pwrite(file.fd(), text, 5, 4, 0));
            assertEquals("text text", Files.readString(path));
            MemorySegment back = arena.allocate(100);
            assertEquals(0, FileCalls.read(file.fd(), back, 0, 100));
            assertEquals(7, FileCalls.pread(file.fd(), back, 50, 40, 2));
            assertEquals("xt text", back.getString(50));
        }
    }

    @Test
    void shouldOpenRelativeToADirectory() {
        try (OwnedFd parent = FileCalls.open(directory.toString(), FileCalls.O_DIRECTORY, 0);
                OwnedFd file = FileCalls.openAt(
                        parent.fd(), "inside", FileCalls.O_CREAT | FileCalls.O_WRONLY | FileCalls.O_EXCL, 0640)) {
            assertTrue(Files.exists(directory.resolve("inside")));
            assertTrue(FileStatus.of(file.fd()).isRegular());
            NativeException e =
                    assertThrows(NativeException.class, () -> FileCalls.openAt(file.fd(), "x", FileCalls.O_RDONLY, 0));
            assertEquals("open(x): ENOTDIR (Not a directory)", e.getMessage());
        }
        assertThrows(
                NativeException.class,
                () -> FileCalls.open(directory.resolve("inside").toString(), FileCalls.O_DIRECTORY, 0));
    }

    @Test
    void shouldNotFollowALinkWhenTold() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory);
        NativeException e =
                assertThrows(NativeException.class, () -> FileCalls.open(link.toString(), FileCalls.O_NOFOLLOW, 0));
        assertEquals("ELOOP", Errno.name(e.errno()));
    }

    @Test
    void shouldRefusePathsThatCannotBe() {
        assertThrows(IllegalArgumentException.class, () -> FileCalls.open("", 0, 0));
        assertThrows(IllegalArgumentException.class, () -> FileCalls.open("a\0b", 0, 0));
        assertThrows(IllegalArgumentException.class, () -> FileCalls.open("x".repeat(4096), 0, 0));
    }

    @Test
    void shouldSetModeAndOwner() throws IOException {
        Path path = Files.createFile(directory.resolve("file"));
        FileCalls.chmod(path.toString(), 0620);
        assertEquals("rw--w----", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
        FileCalls.chown(path.toString(), -1, -1);
        NativeException e = assertThrows(NativeException.class, () -> FileCalls.chmod(path + "x", 0600));
        assertEquals("chmod(" + path + "x, mode=0600): ENOENT (No such file or directory)", e.getMessage());
    }

    @Test
    void shouldKnowFilesByNumber() throws IOException {
        Path path = Files.writeString(directory.resolve("file"), "12345");
        try (OwnedFd file = FileCalls.open(path.toString(), FileCalls.O_RDONLY, 0)) {
            FileStatus status = FileStatus.of(file.fd());
            assertEquals(5, status.sizeBytes());
            assertEquals(((Number) Files.getAttribute(path, "unix:ino")).longValue(), status.inode());
            assertEquals(Files.getAttribute(path, "unix:mode"), status.mode());
            assertEquals(Files.getAttribute(path, "unix:uid"), status.uid());
            assertEquals(Files.getAttribute(path, "unix:gid"), status.gid());
            assertTrue(status.isRegular());
            assertFalse(status.isSocket());
            assertEquals(4096, status.blockSizeBytes());
        }
        try (UnixSocket socket = UnixSocket.open()) {
            assertTrue(FileStatus.of(socket.fd()).isSocket());
        }
    }

    @Test
    void shouldChangeStatusFlags() {
        try (EventFd event = EventFd.create()) {
            int flags = FileCalls.statusFlags(event.fd());
            assertEquals(FileCalls.O_RDWR | FileCalls.O_NONBLOCK, flags);
            FileCalls.setStatusFlags(event.fd(), flags & ~FileCalls.O_NONBLOCK);
            assertEquals(FileCalls.O_RDWR, FileCalls.statusFlags(event.fd()));
        }
    }

    @Test
    void shouldReturnWouldBlock() {
        try (Arena arena = Arena.ofConfined();
                EventFd event = EventFd.create()) {
            assertEquals(Errno.WOULD_BLOCK, FileCalls.read(event.fd(), arena.allocate(8), 0, 8));
        }
    }

    @Test
    void shouldMakeDeviceCalls() {
        try (Arena arena = Arena.ofConfined();
                UnixSocket.Pair pair = UnixSocket.pair();
                OwnedFd plain = MemFd.create("ioctl", 1)) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            pair.first().send(arena.allocate(77), 0, 77);
            assertEquals(0, FileCalls.ioctl(pair.second().fd(), FIONREAD, count));
            assertEquals(77, count.get(ValueLayout.JAVA_INT, 0));
            assertEquals(-Errno.ENOTTY, FileCalls.tryIoctl(plain.fd(), 0xABCD, 0L));
            NativeException e = assertThrows(NativeException.class, () -> FileCalls.ioctl(plain.fd(), 0xABCD, count));
            assertTrue(e.getMessage().contains("request=0xabcd): ENOTTY"), e.getMessage());
            assertFalse(FileCalls.isTerminal(plain.fd()));
        }
    }

    @Test
    void shouldKnowATerminal() {
        // a pseudo-terminal's master answers as a terminal does
        try (OwnedFd terminal = FileCalls.open("/dev/ptmx", FileCalls.O_RDWR | FileCalls.O_NOCTTY, 0)) {
            assertTrue(FileCalls.isTerminal(terminal.fd()));
        }
    }
}
