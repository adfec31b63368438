// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabMemoryTest {
    @Test
    void shouldAskForTheMemoryOfBothPeersAndAPoolInEachCouple() {
        assertEquals(384, LabMemory.pagesNeeded("HugePages_Free:  3\nHugepagesize:       2048 kB\n", 2));
        assertEquals(1, LabMemory.pagesNeeded("Hugepagesize:    1048576 kB\n", 1));
    }

    @Test
    void shouldTakeTheMountWithPagesOfTheStandardSize() {
        List<String> mounts = List.of(
                "proc /proc proc rw 0 0",
                "nodev /mnt/giant hugetlbfs rw,pagesize=1024M 0 0",
                "hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0");

        assertEquals(Path.of("/dev/hugepages"), LabMemory.mountedFolder(mounts));
        assertNull(LabMemory.mountedFolder(mounts.subList(0, 2)));
    }

    @Test
    void shouldUseNormalPagesWhenTold(@TempDir Path folder) {
        try (LabMemory memory = LabMemory.prepare(folder, false, 2)) {
            assertFalse(memory.huge());
            assertTrue(memory.ealOptions("f").contains("--no-huge"));
        }
    }
}
