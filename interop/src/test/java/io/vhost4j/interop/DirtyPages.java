// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.testkit.GuestImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** A dirty log as a front-end gives it to its back-end, and what has really changed in memory since some time. One thread. */
final class DirtyPages implements AutoCloseable {
    /** Bytes of the log: a bit for each page of 2 GiB. */
    static final long LOG_BYTES = 1 << 16;

    private static final int PAGE = 4096;

    private final GuestImage image;
    private final Arena arena = Arena.ofConfined();
    private final long bytes;
    private final MemorySegment before;
    private final OwnedFd file = MemFd.create("log", LOG_BYTES);
    private final Mapping log =
            Mapping.map(file, 0, LOG_BYTES, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED);
    private final TreeMap<Long, Long> owned = new TreeMap<>();

    DirtyPages(GuestImage image) {
        this.image = image;
        bytes = image.end() - GuestImage.BASE;
        before = arena.allocate(bytes, PAGE);
    }

    /** The log's file. */
    int fd() {
        return file.fd();
    }

    /** The front-end itself writes here, and the back-end never. */
    void own(long gpa, long length) {
        owned.put(gpa, gpa + length);
    }

    /** Changes count from now on. */
    void remember() {
        for (long at = 0; at < bytes; at += PAGE) {
            before.asSlice(at, PAGE).copyFrom(page(at));
        }
    }

    private MemorySegment page(long offset) {
        return image.memory().segment(GuestImage.BASE + offset, PAGE);
    }

    /** Unmarks all. */
    void clear() {
        log.segment().fill((byte) 0);
    }

    boolean isMarked(long gpa) {
        long page = gpa / PAGE;
        return (log.segment().get(ValueLayout.JAVA_BYTE, page / Byte.SIZE) >>> page % Byte.SIZE & 1) == 1;
    }

    /** Addresses of the pages that the back-end, or its device, has changed. */
    List<Long> changed() {
        List<Long> all = new ArrayList<>();
        for (long at = 0; at < bytes; at += PAGE) {
            if (changedByOther(at)) {
                all.add(GuestImage.BASE + at);
            }
        }
        return all;
    }

    private boolean changedByOther(long offset) {
        MemorySegment now = page(offset);
        MemorySegment then = before.asSlice(offset, PAGE);
        if (now.mismatch(then) == -1) {
            return false;
        }
        for (int i = 0; i < PAGE; i++) {
            boolean differs = now.get(ValueLayout.JAVA_BYTE, i) != then.get(ValueLayout.JAVA_BYTE, i);
            if (differs && !isOwned(GuestImage.BASE + offset + i)) {
                return true;
            }
        }
        return false;
    }

    private boolean isOwned(long gpa) {
        var range = owned.floorEntry(gpa);
        return range != null && gpa < range.getValue();
    }

    /** Those of {@link #changed} that are not marked. */
    List<Long> unmarked() {
        return changed().stream().filter(gpa -> !isMarked(gpa)).toList();
    }

    @Override
    public void close() {
        arena.close();
        log.close();
        file.close();
    }
}
