// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.fuzz;

import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.HostWindow;

/**
 * A memory file of which only the middle is given away. The edges lie in the same pages as what was given away, so whoever writes a
 * few bytes too far changes them.
 */
public final class Canary implements AutoCloseable {
    /** Bytes of each edge. */
    public static final int EDGE = 2048;

    private static final long PATTERN = 0xC5A5_5AC5_3C96_693CL;

    private final OwnedFd file;
    private final Mapping mapping;
    private final long bytes;

    /** A file with {@code bytes} bytes in its middle. */
    public Canary(long bytes) {
        this.bytes = bytes;
        long all = bytes + 2 * EDGE;
        file = MemFd.create("fuzz", all);
        mapping = Mapping.map(file, 0, all, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED);
        reset();
    }

    /** The file; what is to be used of it starts at {@link #EDGE}. */
    public OwnedFd file() {
        return file;
    }

    /** Host address of the middle. */
    public long address() {
        return mapping.address() + EDGE;
    }

    /** Bytes of the middle. */
    public long size() {
        return bytes;
    }

    /** Makes the middle zero and the edges as they were. */
    public void reset() {
        HostWindow.fill(address(), bytes, 0);
        for (int i = 0; i < EDGE; i += Long.BYTES) {
            HostWindow.setLong(mapping.address() + i, PATTERN);
            HostWindow.setLong(address() + bytes + i, PATTERN);
        }
    }

    /** Fails if an edge was written to. */
    public void check() {
        for (int i = 0; i < EDGE; i += Long.BYTES) {
            Bounds.check(HostWindow.getLong(mapping.address() + i) == PATTERN, "written before the memory given away");
            Bounds.check(HostWindow.getLong(address() + bytes + i) == PATTERN, "written behind the memory given away");
        }
    }

    @Override
    public void close() {
        mapping.close();
        file.close();
    }
}
