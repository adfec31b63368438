// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
final class MemFdTest {
    @Test
    void shouldHaveTheSizeAskedFor() {
        try (OwnedFd file = MemFd.create("sized", 12345)) {
            FileStatus status = FileStatus.of(file.fd());
            assertEquals(12345, status.sizeBytes());
            assertTrue(status.isRegular());
            FileCalls.ftruncate(file.fd(), 1L << 40);
            assertEquals(1L << 40, FileStatus.of(file.fd()).sizeBytes());
            assertEquals(LinuxProcess.pageSize(), HugePages.pageSizeOf(file.fd()));
            assertFalse(HugePages.isHuge(file.fd()));
        }
    }

    @Test
    void shouldCloseTheFileWhenTheSizeIsRefused() {
        NativeException e = assertThrows(NativeException.class, () -> MemFd.create("refused", -1));
        assertEquals("ftruncate", e.call());
        assertEquals(Errno.EINVAL, e.errno());
    }

    @Test
    void shouldSeal() {
        try (OwnedFd file = MemFd.create("sealed", 4096)) {
            assertEquals(0, MemFd.seals(file.fd()));
            MemFd.addSeals(file.fd(), MemFd.F_SEAL_SHRINK);
            FileCalls.ftruncate(file.fd(), 8192);
            NativeException e = assertThrows(NativeException.class, () -> FileCalls.ftruncate(file.fd(), 4096));
            assertEquals("ftruncate(fd=" + file.fd() + ", size=4096): EPERM (Operation not permitted)", e.getMessage());
            MemFd.addSeals(file.fd(), MemFd.F_SEAL_SEAL);
            assertEquals(MemFd.F_SEAL_SHRINK | MemFd.F_SEAL_SEAL, MemFd.seals(file.fd()));
            assertThrows(NativeException.class, () -> MemFd.addSeals(file.fd(), MemFd.F_SEAL_GROW));
        }
    }

    @Test
    void shouldSayThatOtherFilesHaveNoSeals() {
        try (EventFd event = EventFd.create()) {
            assertEquals(0, MemFd.seals(event.fd()));
        }
    }

    @Test
    void shouldFreeARange() {
        try (OwnedFd file = MemFd.create("holes", 8192);
                Mapping mapping =
                        Mapping.map(file, 0, 8192, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED)) {
            mapping.segment().fill((byte) 1);
            FileCalls.fallocate(file.fd(), FileCalls.FALLOC_FL_PUNCH_HOLE | FileCalls.FALLOC_FL_KEEP_SIZE, 4096, 4096);
            assertEquals(1, mapping.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 4095));
            assertEquals(0, mapping.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 4096));
            assertThrows(NativeException.class, () -> FileCalls.fallocate(file.fd(), 0, 0, 0));
        }
    }
}
