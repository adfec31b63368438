// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.memory.HostWindow;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One guest memory for all states of a test: each takes a piece, and pieces are used again when there are no more. There are many times
 * more pieces than states alive.
 */
public final class SharedGuest {
    /** Bytes of a piece. */
    public static final int PIECE = 1024;
    /** Descriptors, in a piece. */
    public static final int DESC = 0;
    /** Available ring or driver event area. */
    public static final int DRIVER = 256;
    /** Used ring or device event area. */
    public static final int DEVICE = 384;
    /** Buffers. */
    public static final int DATA = 512;

    private static final long GPA = 0x1_0000_0000L;
    private static final int PIECES = 1 << 17;

    private final GuestMemory memory;
    private final long host;
    private final AtomicLong taken = new AtomicLong();

    /** A memory of 128 MiB, for the life of the process. */
    public SharedGuest() {
        long bytes = (long) PIECE * PIECES;
        try (OwnedFd file = MemFd.create("jcstress", bytes)) {
            memory = GuestMemory.of(List.of(GuestRegion.map(file, GPA, GPA, bytes, 0)));
        }
        host = memory.toHost(GPA, bytes);
    }

    /** As devices see it. */
    public GuestMemory memory() {
        return memory;
    }

    /** Offset of a piece, all zero. */
    public long take() {
        long piece = taken.getAndIncrement() % PIECES * PIECE;
        HostWindow.fill(host + piece, PIECE, 0);
        return piece;
    }

    /** Host address of an offset. */
    public long host(long offset) {
        return host + offset;
    }

    /** Guest address of an offset. */
    public long gpa(long offset) {
        return GPA + offset;
    }
}
