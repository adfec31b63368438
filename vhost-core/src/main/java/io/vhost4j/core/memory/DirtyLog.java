// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.FileStatus;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.SharedBits;
import java.lang.foreign.MemorySegment;

/**
 * The bitmap in which a migrating front-end finds the guest pages that we wrote: one bit for each 4096 bytes of guest physical
 * memory, lowest bit of a byte first (vhost-user specification, "Migration"). Bits are set atomically: other rings and the front-end
 * change the same words. Any thread may mark; unmapped by {@link #release} when none can.
 *
 * <p>A log whose file is sealed against shrinking, as QEMU's are, is changed directly. In any other the kernel sets the bits, since the file
 * may be cut short at the moment of the change: see {@link SharedBits}.
 */
public final class DirtyLog {
    private static final int PAGE_SHIFT = 12;
    private static final int PAGES_PER_WORD_SHIFT = 6;
    private static final int WORD_BYTES = 8;

    private final Mapping mapping;
    private final long pages;
    /** Whether the file cannot become shorter. */
    private final boolean lasting;

    private DirtyLog(Mapping mapping, long bytes, boolean lasting) {
        this.mapping = mapping;
        this.lasting = lasting;
        pages = bytes * 8;
    }

    /**
     * Maps a log.
     *
     * @param fd its file; stays the caller's
     * @param bytes its size, a positive number
     * @param offset where it starts in the file, in bytes
     * @throws VhostException if the numbers do not fit the file, or it cannot be mapped
     */
    public static DirtyLog map(OwnedFd fd, long bytes, long offset) {
        String what = String.format("dirty log size=%#x, offset=%#x", bytes, offset);
        if (bytes <= 0 || offset < 0 || offset + bytes < 0 || bytes > Long.MAX_VALUE / 8 || offset % WORD_BYTES != 0) {
            throw new VhostException(what + ": out of range");
        }
        try {
            // the seals before the size: a size that was seen under a seal stays
            boolean sealed = (MemFd.seals(fd.fd()) & MemFd.F_SEAL_SHRINK) != 0;
            FileStatus status = FileStatus.of(fd.fd());
            if (status.isRegular() && offset + bytes > status.sizeBytes()) {
                throw new VhostException(what + ": its file has only " + status.sizeBytes() + " bytes");
            }
            int access = Mapping.PROT_READ | Mapping.PROT_WRITE;
            return new DirtyLog(Mapping.map(fd, offset, bytes, access, Mapping.MAP_SHARED), bytes, sealed);
        } catch (NativeException e) {
            throw new VhostException(what + ": cannot be mapped: " + e.getMessage(), e);
        }
    }

    /**
     * Marks the pages of {@code bytes} bytes at guest physical address {@code gpa}; pages that the log does not have are passed over.
     *
     * @throws InternalError if the file was truncated; like every such error it may also come later, see {@link HostWindow#settle}
     */
    public void mark(long gpa, long bytes) {
        if (bytes <= 0) {
            return;
        }
        long page = gpa >>> PAGE_SHIFT;
        long last = (gpa + (bytes - 1)) >>> PAGE_SHIFT;
        while (page <= last && page < pages) {
            long word = page >>> PAGES_PER_WORD_SHIFT;
            long end = Math.min(Math.min(last, pages - 1), (word << PAGES_PER_WORD_SHIFT) | 63);
            long bits = (-1L >>> (63 - (end - page))) << page;
            // a word that starts inside the log ends inside its last mapped page
            setBits(mapping.address() + word * WORD_BYTES, bits);
            page = end + 1;
        }
    }

    /** As {@link #mark}, but returns false if the file was truncated. */
    public boolean tryMark(long gpa, long bytes) {
        try {
            mark(gpa, bytes);
            HostWindow.settle();
            return true;
        } catch (InternalError e) {
            return false;
        }
    }

    private void setBits(long address, long bits) {
        if (lasting) {
            HostWindow.orLong(address, bits);
            return;
        }
        long missing = bits & ~HostWindow.getLong(address);
        if (missing != 0 && !SharedBits.or(address, missing)) {
            throw new InternalError("the file of the dirty log is shorter than it was");
        }
    }

    /** The bitmap, usable until the log is unmapped. */
    public MemorySegment bits() {
        return mapping.segment();
    }

    /** Unmaps the log. */
    public void release() {
        mapping.close();
    }
}
