// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.LeakCheck;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(LeakCheck.class)
final class MappingTest {
    private static final int READ_WRITE = Mapping.PROT_READ | Mapping.PROT_WRITE;
    private static final long PAGE = LinuxProcess.pageSize();

    private static boolean isMapped(long address) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            String[] range = line.substring(0, line.indexOf(' ')).split("-");
            if (Long.compareUnsigned(address, Long.parseUnsignedLong(range[0], 16)) >= 0
                    && Long.compareUnsigned(address, Long.parseUnsignedLong(range[1], 16)) < 0) {
                return true;
            }
        }
        return false;
    }

    @Test
    void shouldShareAFileBetweenMappings() {
        try (OwnedFd file = MemFd.create("shared", 3 * PAGE);
                Mapping first = Mapping.map(file, 0, 3 * PAGE, READ_WRITE, Mapping.MAP_SHARED);
                Mapping second = Mapping.map(file, PAGE, PAGE, Mapping.PROT_READ, Mapping.MAP_SHARED)) {
            first.segment().set(ValueLayout.JAVA_LONG, PAGE + 8, 0x1122334455667788L);
            assertEquals(0x1122334455667788L, second.segment().get(ValueLayout.JAVA_LONG, 8));
            assertEquals(first.address(), first.segment().address());
            assertEquals(3 * PAGE, first.length());
            assertEquals(PAGE, first.pageSize());
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "100, 50", "4095, 1", "4095, 2", "4097, 8192", "8191, 4097"})
    void shouldMapRangesThatStartAnywhere(long offset, long length) throws IOException {
        try (OwnedFd file = MemFd.create("anywhere", 4 * PAGE);
                Mapping all = Mapping.map(file, 0, 4 * PAGE, READ_WRITE, Mapping.MAP_SHARED)) {
            for (long at = 0; at < all.length(); at++) {
                all.segment().set(ValueLayout.JAVA_BYTE, at, (byte) (at * 31 >> 3));
            }
            Mapping part = Mapping.map(file, offset, length, Mapping.PROT_READ, Mapping.MAP_SHARED);
            assertEquals(length, part.segment().byteSize());
            assertEquals(offset % PAGE, part.address() % PAGE);
            assertEquals(-1, part.segment().mismatch(all.segment().asSlice(offset, length)));
            long first = part.address();
            long last = first + length - 1;
            assertTrue(isMapped(first) && isMapped(last));
            part.close();
            assertFalse(isMapped(first) || isMapped(last));
        }
    }

    @Test
    void shouldStayWhenTheFileIsClosed() {
        Mapping mapping;
        try (OwnedFd file = MemFd.create("gone", PAGE)) {
            mapping = Mapping.map(file, 0, PAGE, READ_WRITE, Mapping.MAP_SHARED);
        }
        mapping.segment().set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
        mapping.close();
    }

    @Test
    void shouldCloseOnceAndRefuseLaterAccess() {
        long before = Mapping.openCount();
        Mapping mapping = Mapping.anonymous(100, READ_WRITE, 0);
        assertEquals(before + 1, Mapping.openCount());
        MemorySegment segment = mapping.segment();
        AtomicInteger unmaps = new AtomicInteger();
        try (LinuxFaults.Installed faults = LinuxFaults.install((call, arg) -> {
            unmaps.addAndGet(call == SystemCall.MUNMAP ? 1 : 0);
            return 0;
        })) {
            mapping.close();
            mapping.close();
            assertEquals(1, unmaps.get(), faults::toString);
        }
        assertEquals(before, Mapping.openCount());
        assertFalse(mapping.isOpen());
        assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
        assertThrows(IllegalStateException.class, mapping::lock);
    }

    @Test
    void shouldGiveZeroedMemory() {
        try (Mapping mapping = Mapping.anonymous(2 * PAGE + 1, READ_WRITE, Mapping.MAP_POPULATE)) {
            for (long at = 0; at < mapping.length(); at++) {
                assertEquals(0, mapping.segment().get(ValueLayout.JAVA_BYTE, at));
            }
            mapping.lock();
            mapping.unlock();
            mapping.segment().set(ValueLayout.JAVA_BYTE, 5, (byte) 5);
            mapping.advise(Mapping.MADV_DONTNEED);
            assertEquals(0, mapping.segment().get(ValueLayout.JAVA_BYTE, 5));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "-1, 1",
        "0, 0",
        "0, -1",
        "0, 9223372036854775807",
        "9223372036854775807, 1",
        "9223372036854771712, 4096"
    })
    void shouldRefuseRangesThatCannotBe(long offset, long length) {
        try (OwnedFd file = MemFd.create("ranges", PAGE)) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Mapping.map(file, offset, length, READ_WRITE, Mapping.MAP_SHARED));
        }
    }

    @Test
    void shouldSayWhatTheKernelRefused() {
        try (OwnedFd file = MemFd.create("refused", PAGE)) {
            MemFd.addSeals(file.fd(), MemFd.F_SEAL_WRITE);
            NativeException e =
                    assertThrows(NativeException.class, () -> Mapping.map(file, 0, 10, READ_WRITE, Mapping.MAP_SHARED));
            assertEquals(
                    "mmap(fd=" + file.fd() + ", offset=0, length=10, page=" + PAGE
                            + "): EPERM (Operation not permitted)",
                    e.getMessage());
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Mapping.map(file, 0, 10, READ_WRITE, Mapping.MAP_SHARED | 0x10));
            NativeException tooMuch = assertThrows(
                    NativeException.class, () -> Mapping.map(file, 0, 1L << 60, Mapping.PROT_READ, Mapping.MAP_SHARED));
            assertEquals(Errno.ENOMEM, tooMuch.errno());
        }
    }

    /** The JVM turns SIGBUS into an error of the accessing thread, for single accesses and for copies. */
    @Test
    void shouldThrowWhenTheFileWasTruncated() {
        try (OwnedFd file = MemFd.create("truncated", 4 * PAGE);
                Mapping mapping = Mapping.map(file, 0, 4 * PAGE, READ_WRITE, Mapping.MAP_SHARED);
                Mapping target = Mapping.anonymous(4 * PAGE, READ_WRITE, 0)) {
            mapping.segment().fill((byte) 7);
            FileCalls.ftruncate(file.fd(), PAGE);
            assertEquals(7, mapping.segment().get(ValueLayout.JAVA_BYTE, PAGE - 1));
            assertThrows(InternalError.class, () -> readByte(mapping.segment(), PAGE));
            assertThrows(InternalError.class, () -> target.segment().copyFrom(mapping.segment()));
            FileCalls.ftruncate(file.fd(), 4 * PAGE);
            assertEquals(0, mapping.segment().get(ValueLayout.JAVA_BYTE, PAGE));
        }
    }

    private static byte readByte(MemorySegment segment, long offset) {
        return segment.get(ValueLayout.JAVA_BYTE, offset);
    }

    @Test
    void shouldMapAndUnmapWholeHugePages() throws IOException {
        long huge = requireHugePages(2);
        try (OwnedFd file = MemFd.createHuge("huge", 2 * huge, 0)) {
            assertTrue(HugePages.isHuge(file.fd()));
            assertEquals(huge, HugePages.pageSizeOf(file.fd()));
            assertEquals(huge, FileStatus.of(file.fd()).blockSizeBytes());
            // a length and an offset that are multiples of the system's page size only
            Mapping mapping = Mapping.map(file, huge + 3 * PAGE, PAGE, READ_WRITE, Mapping.MAP_SHARED);
            long address = mapping.address();
            assertEquals(huge, mapping.pageSize());
            assertEquals(3 * PAGE, address % huge);
            mapping.segment().fill((byte) 1);
            mapping.close();
            assertFalse(isMapped(address));
        }
    }

    @Test
    void shouldMapAnonymousHugePages() throws IOException {
        long huge = requireHugePages(1);
        Mapping mapping = Mapping.anonymousHuge(100, 0, READ_WRITE, Mapping.MAP_POPULATE);
        long address = mapping.address();
        assertEquals(0, address % huge);
        mapping.segment().fill((byte) 1);
        mapping.close();
        assertFalse(isMapped(address));
    }

    @Test
    void shouldSayThatThereAreNoHugePages() {
        Assumptions.assumeTrue(HugePages.defaultSize() > 0, "this kernel has no huge pages at all");
        long tooMany = (HugePages.available() + 100_000) * HugePages.defaultSize();
        NativeException e = assertThrows(
                NativeException.class, () -> Mapping.anonymousHuge(tooMany, 0, READ_WRITE, Mapping.MAP_POPULATE));
        assertEquals(Errno.ENOMEM, e.errno());
        assertThrows(IllegalArgumentException.class, () -> MemFd.createHuge("odd", 0, 3 << 20));
    }

    private static long requireHugePages(int pages) {
        long available = HugePages.available();
        Assumptions.assumeTrue(
                available >= pages,
                () -> "needs " + pages + " free huge pages, there are " + available
                        + ": write a number to /proc/sys/vm/nr_hugepages");
        return HugePages.defaultSize();
    }

    @Test
    void shouldBeClosedAgainWhenTheKernelRefusedToUnmap() throws IOException {
        Mapping mapping = Mapping.anonymous(PAGE, READ_WRITE, 0);
        long address = mapping.address();
        try (LinuxFaults.Installed faults =
                LinuxFaults.install((call, arg) -> call == SystemCall.MUNMAP && arg == address ? Errno.ENOMEM : 0)) {
            NativeException e = assertThrows(NativeException.class, mapping::close, faults::toString);
            assertEquals("munmap", e.call());
            assertEquals(Errno.ENOMEM, e.errno());
        }
        assertTrue(isMapped(address));
        mapping.close();
        assertFalse(isMapped(address));
    }

    @Test
    void shouldKnowTheMemoryNode() {
        try (Mapping mapping = Mapping.anonymous(PAGE, READ_WRITE, Mapping.MAP_POPULATE)) {
            int node = Numa.tryNodeOf(mapping.address());
            Assumptions.assumeTrue(
                    node != -Errno.ENOSYS && node != -Errno.EPERM, "memory nodes cannot be asked for here");
            assertTrue(node >= 0, () -> "node " + node);
            Numa.bind(mapping, node);
            NativeException e = assertThrows(NativeException.class, () -> Numa.bind(mapping, 1023));
            assertEquals(Errno.EINVAL, e.errno());
            assertThrows(IllegalArgumentException.class, () -> Numa.bind(mapping, 1024));
        }
        assertEquals(-Errno.EFAULT, Numa.tryNodeOf(0));
    }
}
