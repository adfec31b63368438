// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.linux.LinuxProcess;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;

/**
 * The memory of all rings, shared with the back-end. The file is sealed against shrinking: the back-end has its descriptor too, and
 * cannot take the memory away under us.
 */
final class RingMemory implements AutoCloseable {
    /** Parts that different sides write are this far apart: two cache lines, as processors fetch them in pairs. */
    private static final int APART = 128;

    private final OwnedFd file;
    private final Mapping mapping;
    private final RingArea[] areas;

    private RingMemory(OwnedFd file, Mapping mapping, RingArea[] areas) {
        this.file = file;
        this.mapping = mapping;
        this.areas = areas;
    }

    /** Makes the memory for rings of both directions. */
    static RingMemory create(DeviceWish wish, boolean tables) {
        RingArea[] offsets = new RingArea[2 * wish.pairs()];
        long end = 0;
        for (int ring = 0; ring < offsets.length; ring++) {
            boolean transmit = ring % 2 != 0;
            long start = end;
            long driver = apart(start + SplitLayout.descBytes(wish.size()));
            long device =
                    apart(driver + (wish.packed() ? PackedLayout.EVENT_BYTES : SplitLayout.availBytes(wish.size())));
            end = apart(device + (wish.packed() ? PackedLayout.EVENT_BYTES : SplitLayout.usedBytes(wish.size())));
            long headers = end;
            end = transmit ? apart(headers + (long) wish.size() * RingArea.HEADER_SLOT) : end;
            long indirect = end;
            end = transmit && tables ? apart(indirect + (long) wish.size() * RingArea.TABLE_BYTES) : end;
            offsets[ring] = new RingArea(wish.size(), start, driver, device, headers, indirect);
        }
        return map(offsets, end);
    }

    private static long apart(long offset) {
        return (offset + APART - 1) & -APART;
    }

    private static RingMemory map(RingArea[] offsets, long bytes) {
        long page = LinuxProcess.pageSize();
        long length = (bytes + page - 1) & -page;
        OwnedFd file = MemFd.create("virtio-user-rings", length);
        try {
            MemFd.addSeals(file.fd(), MemFd.F_SEAL_SHRINK | MemFd.F_SEAL_GROW);
            Mapping mapping = Mapping.map(file, 0, length, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED);
            long base = mapping.address();
            RingArea[] areas = new RingArea[offsets.length];
            for (int i = 0; i < areas.length; i++) {
                RingArea at = offsets[i];
                areas[i] = new RingArea(
                        at.size(),
                        base + at.desc(),
                        base + at.driver(),
                        base + at.device(),
                        base + at.headers(),
                        base + at.tables());
            }
            return new RingMemory(file, mapping, areas);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Where a ring is; even numbers receive, odd ones transmit. */
    RingArea area(int ring) {
        return areas[ring];
    }

    int fd() {
        return file.fd();
    }

    long address() {
        return mapping.address();
    }

    long length() {
        return mapping.length();
    }

    @Override
    public void close() {
        mapping.close();
        file.close();
    }
}
