// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostException;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Translations: what is known, for what, and what is asked for. */
@ExtendWith(LeakCheck.class)
class IotlbTest {
    private static final long SEED = Long.getLong("vhost4j.test.seed", 20_240_229L);
    private static final int BOTH = Iotlb.READ | Iotlb.WRITE;

    private final List<String> misses = new ArrayList<>();
    private final Iotlb iotlb = new Iotlb(16, (iova, permission) -> misses.add(iova + ":" + permission));

    @Test
    void shouldGiveARangeForWhatItAllows() {
        assertFalse(iotlb.update(0x1000, 0x1000, 0x7000, Iotlb.READ));
        assertNotNull(iotlb.find(0x1000, Iotlb.READ));
        assertNotNull(iotlb.find(0x1FFF, Iotlb.READ));
        assertEquals(List.of(), misses);
        assertNull(iotlb.find(0x1000, Iotlb.WRITE));
        assertNull(iotlb.find(0x1000, BOTH));
        assertNull(iotlb.find(0x2000, Iotlb.READ));
        assertNull(iotlb.find(0xFFF, Iotlb.READ));
        assertEquals(List.of("4096:2", "4096:3", "8192:1", "4095:1"), misses);
    }

    @Test
    void shouldPutARangeInPlaceOfWhatItOverlaps() {
        iotlb.update(0x1000, 0x1000, 0x10_0000, BOTH);
        iotlb.update(0x2000, 0x1000, 0x20_0000, BOTH);
        iotlb.update(0x3000, 0x1000, 0x30_0000, BOTH);
        assertTrue(iotlb.update(0x1800, 0x1000, 0x40_0000, Iotlb.READ));
        assertEquals(2, iotlb.size());
        assertNull(iotlb.find(0x1000, Iotlb.READ));
        assertNull(iotlb.find(0x2800, Iotlb.READ));
        Iotlb.Range range = iotlb.find(0x27FF, Iotlb.READ);
        assertNotNull(range);
        assertEquals(0x40_0000, range.userAddr());
        assertNotNull(iotlb.find(0x3000, BOTH));
        assertFalse(iotlb.update(0x1000, 0x800, 0x50_0000, BOTH), "a neighbour is not replaced");
    }

    @ParameterizedTest
    @CsvSource({"0, -1", "0, -4096", "4096, -4097", "1, -1"})
    void shouldForgetAllIfTheWholeRangeIsTakenBack(long iova, long size) {
        iotlb.update(0x1000, 0x1000, 0, BOTH);
        iotlb.update(0x7fff_ffff_f000L, 0x1000, 0, BOTH);
        iotlb.update(-8192, 4096, 0, BOTH);
        iotlb.invalidate(iova, size);
        assertEquals(0, iotlb.size());
    }

    @Test
    void shouldForgetWhatOverlapsAndNothingElse() {
        for (int page = 0; page < 8; page++) {
            iotlb.update(page * 4096L, 4096, page * 4096L, BOTH);
        }
        iotlb.invalidate(0x2FFF, 2);
        assertEquals(6, iotlb.size());
        assertNotNull(iotlb.find(0x1FFF, BOTH));
        assertNull(iotlb.find(0x2000, BOTH));
        assertNull(iotlb.find(0x3FFF, BOTH));
        assertNotNull(iotlb.find(0x4000, BOTH));
        assertThrows(VhostException.class, () -> iotlb.invalidate(0x4000, 0));
        assertEquals(6, iotlb.size());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 3",
        "0, -1, 0, 3",
        "-4096, 8192, 0, 3",
        "0, 8192, -4096, 3",
        "0, 4096, 0, 0",
        "0, 4096, 0, 4",
        "0, 4096, 0, 255"
    })
    void shouldRefuseWhatCannotBe(long iova, long size, long user, int permission) {
        iotlb.update(0x1000, 0x1000, 0, BOTH);
        assertThrows(VhostException.class, () -> iotlb.update(iova, size, user, permission));
        assertEquals(1, iotlb.size());
    }

    @Test
    void shouldTakeARangeThatEndsWithTheAddressSpace() {
        iotlb.update(-4096, 4096, 0x7000, BOTH);
        assertNotNull(iotlb.find(-1, BOTH));
        assertNull(iotlb.find(0, BOTH));
        iotlb.invalidate(-1, -1);
        assertEquals(0, iotlb.size());
    }

    @Test
    void shouldStayWithinItsLimit() {
        for (int page = 0; page < 1000; page++) {
            iotlb.update(page * 4096L, 4096, 0, BOTH);
            assertNotNull(iotlb.find(page * 4096L, BOTH), "the newest is known");
        }
        assertEquals(16, iotlb.size());
    }

    @Test
    void shouldKnowWhatASimpleModelKnows() {
        Random random = new Random(SEED);
        Iotlb large = new Iotlb(10_000, (iova, permission) -> {});
        // for each page the range that it came with, and where that is: a range is forgotten as a whole
        Map<Integer, int[]> model = new TreeMap<>();
        for (int step = 0; step < 2000; step++) {
            int first = random.nextInt(200);
            int pages = 1 + random.nextInt(5);
            model.values().removeIf(range -> range[0] < first + pages && first < range[0] + range[1]);
            if (random.nextInt(3) > 0) {
                int user = random.nextInt(1 << 20);
                large.update(first * 4096L, pages * 4096L, user * 4096L, BOTH);
                for (int i = 0; i < pages; i++) {
                    model.put(first + i, new int[] {first, pages, user + i});
                }
            } else {
                large.invalidate(first * 4096L, pages * 4096L);
            }
            int asked = random.nextInt(210);
            Iotlb.Range range = large.find(asked * 4096L + 5, BOTH);
            int[] known = model.get(asked);
            assertEquals(known == null, range == null, "step " + step);
            if (known != null && range != null) {
                assertEquals(known[2] * 4096L, range.userAddr() + asked * 4096L - range.iova(), "step " + step);
            }
        }
    }

    @Test
    void shouldTranslatePiecesAndSayWhatIsMissing() {
        try (GuestImage image = GuestImage.of(1 << 16, 1 << 16)) {
            long user = GuestImage.BASE + GuestImage.USER_OFFSET;
            Translator to = new Translator(image.memory(), iotlb, Iotlb.WRITE);
            iotlb.update(0x1000, 0x1000, user, BOTH);
            iotlb.update(0x2000, 0x1000, user + 0x5000, Iotlb.READ);
            assertEquals(image.host(GuestImage.BASE + 0x10, 16), to.toHost(0x1010, 16));
            assertFalse(to.takeMiss());
            assertEquals(0, to.toHost(0x1ff0, 32), "two ranges");
            assertEquals(16, to.contiguous(0x1ff0));
            assertFalse(to.takeMiss());
            assertEquals(0, to.contiguous(0x2000), "not for writing");
            assertTrue(to.takeMiss());
            assertFalse(to.takeMiss());
            assertEquals(0, to.toHost(0x1010, 0));
            assertEquals(0, to.toHost(0x1010, -1));
            assertEquals(0, to.toHost(0x1010, Long.MAX_VALUE));
            // a range that goes from one region into the next, and past the last
            iotlb.update(0x10_0000, 1 << 20, user + 0xF000, BOTH);
            assertEquals(0x1000, to.contiguous(0x10_0000));
            assertEquals(1 << 16, to.contiguous(0x10_1000));
            assertEquals(0, to.contiguous(0x11_1000), "no region there");
            assertFalse(to.takeMiss(), "known, but of no use");
        }
    }

    @Test
    void shouldTranslateAreasOfRingsOverRangesThatFollowEachOther() {
        try (GuestImage image = GuestImage.of(1 << 16)) {
            long user = GuestImage.BASE + GuestImage.USER_OFFSET;
            iotlb.update(0x1000, 0x1000, user, BOTH);
            assertEquals(0, iotlb.toHost(image.memory(), 0x1800, 0x1000, BOTH));
            assertEquals(List.of("8192:3"), misses);
            iotlb.update(0x2000, 0x1000, user + 0x1000, BOTH);
            assertEquals(image.host(GuestImage.BASE + 0x800, 16), iotlb.toHost(image.memory(), 0x1800, 0x1000, BOTH));
            iotlb.update(0x2000, 0x1000, user + 0x3000, BOTH);
            assertEquals(0, iotlb.toHost(image.memory(), 0x1800, 0x1000, BOTH), "not contiguous here");
            iotlb.update(0x2000, 0x1000, user + (1 << 20), BOTH);
            assertEquals(0, iotlb.toHost(image.memory(), 0x2000, 0x10, BOTH), "not the guest's memory");
        }
    }
}
