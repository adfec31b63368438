// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.LeakCheck;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(LeakCheck.class)
final class GuestMemoryTest {
    private static final long BASE = GuestImage.BASE;

    @Test
    void shouldTranslateOnlyWholeRangesInOneRegion() {
        try (GuestImage image = GuestImage.of(8192, 4096)) {
            GuestMemory memory = image.memory();
            long host = memory.regions().getFirst().hostAddress();
            assertEquals(host, memory.toHost(BASE, 8192));
            assertEquals(host + 8191, memory.toHost(BASE + 8191, 1));
            for (long[] bad : new long[][] {
                {BASE, 8193},
                {BASE + 8191, 2},
                {BASE - 1, 1},
                {BASE - 1, 2},
                {BASE + 12288, 1},
                {BASE, 0},
                {BASE, -1},
                {BASE, Long.MIN_VALUE},
                {BASE + 1, Long.MAX_VALUE},
                {-1, 1},
                {-1, 2},
                {0, Long.MAX_VALUE}
            }) {
                assertEquals(0, memory.toHost(bad[0], bad[1]), bad[0] + " " + bad[1]);
                assertEquals(0, memory.userToHost(bad[0] + GuestImage.USER_OFFSET, bad[1]));
                for (boolean warm : new boolean[] {false, true}) {
                    Translator translator = new Translator(memory, null, 0);
                    if (warm) {
                        translator.toHost(BASE, 1);
                    }
                    assertEquals(0, translator.toHost(bad[0], bad[1]), bad[0] + " " + bad[1] + " " + warm);
                }
            }
            assertEquals(host + 5, memory.userToHost(BASE + 5 + GuestImage.USER_OFFSET, 10));
            assertEquals(BASE + 5, memory.toGuest(host + 5));
        }
    }

    @Test
    void shouldFindTheRegionAmongMany() {
        long[] sizes = new long[64];
        java.util.Arrays.fill(sizes, 4096);
        try (GuestImage image = GuestImage.of(sizes)) {
            Translator translator = new Translator(image.memory(), null, 0);
            for (int i = 0; i < 64 * 7; i++) {
                int region = i * 29 % 64;
                long host = image.memory().regions().get(region).hostAddress();
                assertEquals(host + 1, translator.toHost(image.regionStart(region) + 1, 4095));
                assertEquals(4095, translator.contiguous(image.regionStart(region) + 1));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0x1000,0x1000,0,0",
        "0x1000,0x1000,-1,0",
        "0x1000,0x1000,0x1000,-1",
        "0x1000,0x1000,0x1000,0x7FFFFFFFFFFFFFFF",
        "0x1000,0x1000,0x7FFFFFFFFFFFFFFF,0x1000",
        "0x1000,0x1000,0x3000,0",
        "0x1000,0x1000,0x1000,0x2000",
        "-1,0x1000,0x1000,0",
        "0x1000,-1,0x1000,0",
        "-4095,0x1000,0x1000,0"
    })
    void shouldRefuseRegionsThatCannotBe(long gpa, long user, long size, long offset) {
        try (OwnedFd file = MemFd.create("guest", 0x2000)) {
            assertThrows(VhostException.class, () -> GuestRegion.map(file, gpa, user, size, offset));
        }
    }

    @Test
    void shouldRefuseOverlaps() {
        try (OwnedFd file = MemFd.create("guest", 0x4000)) {
            GuestRegion one = GuestRegion.map(file, 0x1000, 0x10000, 0x2000, 0);
            GuestRegion samePlace = GuestRegion.map(file, 0x2000, 0x20000, 0x2000, 0);
            GuestRegion sameUser = GuestRegion.map(file, 0x8000, 0x11000, 0x1000, 0);
            GuestRegion last = GuestRegion.map(file, -0x1000, -0x1000, 0x1000, 0x3000);
            GuestMemory memory = GuestMemory.of(List.of(last, one));
            assertEquals(one, memory.regions().getFirst());
            assertThrows(VhostException.class, () -> memory.with(samePlace));
            assertThrows(VhostException.class, () -> memory.with(sameUser));
            assertThrows(VhostException.class, () -> memory.with(one));
            assertEquals(last.hostAddress() + 0xFFF, memory.toHost(-1, 1));
            assertEquals(0, memory.toHost(-1, 2), "past the end of the address space");
            assertEquals(List.of(last), memory.without(one).regions());
            List.of(one, samePlace, sameUser, last).forEach(GuestRegion::release);
        }
    }

    @Test
    void shouldEndViewsBeforeTheMemoryGoes() {
        GuestImage image = GuestImage.of(4096);
        MemorySegment view = image.memory().segment(BASE + 8, 16);
        image.set(BASE + 8, 4, 77);
        assertEquals(77, view.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> view.get(ValueLayout.JAVA_BYTE, 16));
        assertThrows(VhostException.class, () -> image.memory().segment(BASE + 4095, 2));
        image.close();
        assertThrows(IllegalStateException.class, () -> view.get(ValueLayout.JAVA_BYTE, 0));
    }
}
