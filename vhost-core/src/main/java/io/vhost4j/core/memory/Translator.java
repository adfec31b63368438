// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

/**
 * Guest physical to host addresses for one ring, remembering the region that served last. Used by one thread at a time.
 */
public final class Translator {
    private GuestMemory memory;
    private long start;
    private long size;
    private long delta;

    /** A translator for {@code memory}. */
    public Translator(GuestMemory memory) {
        this.memory = memory;
    }

    /** Forgets what is remembered and goes on with {@code newMemory}. */
    public void reset(GuestMemory newMemory) {
        memory = newMemory;
        size = 0;
    }

    /**
     * The host address of {@code bytes} bytes at {@code gpa}.
     *
     * @return 0 if they are not wholly inside one region, or {@code bytes} is 0
     */
    public long toHost(long gpa, long bytes) {
        long offset = gpa - start;
        if (offset >= 0 && offset <= size - bytes && bytes > 0) {
            return gpa + delta;
        }
        return lookUp(gpa, bytes);
    }

    /** The guest physical address of a host address that {@link #toHost} gave. */
    public long toGuest(long host) {
        long offset = host - delta - start;
        return offset >= 0 && offset < size ? host - delta : memory.toGuest(host);
    }

    /** How many bytes from {@code gpa} on are inside one region; 0 if none is. */
    public long contiguous(long gpa) {
        GuestRegion region = memory.regionOf(gpa);
        return region == null ? 0 : region.size() - (gpa - region.gpa());
    }

    private long lookUp(long gpa, long bytes) {
        GuestRegion region = bytes > 0 ? memory.regionOf(gpa) : null;
        if (region == null || bytes > region.size() - (gpa - region.gpa())) {
            return 0;
        }
        start = region.gpa();
        size = region.size();
        delta = region.hostAddress() - start;
        return gpa + delta;
    }
}
