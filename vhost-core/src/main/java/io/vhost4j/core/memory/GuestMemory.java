// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import io.vhost4j.VhostException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The regions of a guest's memory at one moment. Immutable: a changed table is another object. */
public final class GuestMemory {
    /** No memory. */
    public static final GuestMemory EMPTY = new GuestMemory(new GuestRegion[0]);

    private final GuestRegion[] regions;

    private GuestMemory(GuestRegion[] sorted) {
        regions = sorted;
    }

    /**
     * Memory of these regions.
     *
     * @throws VhostException if two overlap, as the guest or as the front-end sees them
     */
    public static GuestMemory of(List<GuestRegion> regions) {
        GuestRegion[] sorted = regions.toArray(GuestRegion[]::new);
        Arrays.sort(sorted, Comparator.comparing(GuestRegion::gpa, Long::compareUnsigned));
        for (int i = 0; i < sorted.length; i++) {
            for (int j = 0; j < i; j++) {
                if (sorted[i].overlaps(sorted[j])) {
                    throw new VhostException(sorted[i] + " overlaps " + sorted[j]);
                }
            }
        }
        return new GuestMemory(sorted);
    }

    /**
     * This memory and one region more.
     *
     * @throws VhostException if it overlaps
     */
    public GuestMemory with(GuestRegion region) {
        List<GuestRegion> all = new ArrayList<>(Arrays.asList(regions));
        all.add(region);
        return of(all);
    }

    /** This memory without {@code region}. */
    public GuestMemory without(GuestRegion region) {
        return new GuestMemory(Arrays.stream(regions).filter(r -> r != region).toArray(GuestRegion[]::new));
    }

    /** The regions, lowest guest address first. */
    public List<GuestRegion> regions() {
        return List.of(regions);
    }

    /** The region with guest physical address {@code gpa}, or null. */
    public @Nullable GuestRegion regionOf(long gpa) {
        int low = 0;
        int high = regions.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            GuestRegion region = regions[middle];
            if (region.containsGpa(gpa)) {
                return region;
            }
            if (Long.compareUnsigned(gpa, region.gpa()) < 0) {
                high = middle - 1;
            } else {
                low = middle + 1;
            }
        }
        return null;
    }

    /**
     * The host address of {@code bytes} bytes at guest address {@code gpa}.
     *
     * @return 0 if they are not wholly inside one region, or {@code bytes} is not positive
     */
    public long toHost(long gpa, long bytes) {
        GuestRegion region = regionOf(gpa);
        if (region == null) {
            return 0;
        }
        return within(region, gpa - region.gpa(), bytes);
    }

    /** As {@link #toHost}, for an address of the front-end's process. */
    public long userToHost(long userAddr, long bytes) {
        GuestRegion region = regionOfUser(userAddr);
        return region == null ? 0 : within(region, userAddr - region.userAddr(), bytes);
    }

    /** The region with front-end address {@code userAddr}, or null. */
    @Nullable
    GuestRegion regionOfUser(long userAddr) {
        for (GuestRegion region : regions) {
            if (region.containsUser(userAddr)) {
                return region;
            }
        }
        return null;
    }

    /** The guest physical address of what this process sees at {@code host}, or -1 if it is not guest memory. */
    public long toGuest(long host) {
        for (GuestRegion region : regions) {
            long offset = host - region.hostAddress();
            if (offset >= 0 && offset < region.size()) {
                return region.gpa() + offset;
            }
        }
        return -1;
    }

    private static long within(GuestRegion region, long offset, long bytes) {
        return bytes > 0 && bytes <= region.size() - offset ? region.hostAddress() + offset : 0;
    }

    /**
     * A view of guest memory, valid until its region is unmapped.
     *
     * @throws VhostException if the range is not wholly inside one region
     */
    public MemorySegment segment(long gpa, long bytes) {
        GuestRegion region = regionOf(gpa);
        if (region == null || within(region, gpa - region.gpa(), bytes) == 0) {
            throw new VhostException(
                    String.format("guest memory gpa=%#x, length=%#x: not inside one region", gpa, bytes));
        }
        return region.view(gpa - region.gpa(), bytes);
    }
}
