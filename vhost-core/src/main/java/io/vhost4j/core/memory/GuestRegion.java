// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.FileStatus;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UserFaultFd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A mapped piece of guest memory. Unmapped once, by {@link #release}, when no ring can reach it any more. */
public final class GuestRegion {
    private final long gpa;
    private final long userAddr;
    private final long size;
    private final long mmapOffset;
    private final Mapping mapping;
    /** Ends the views handed to applications before the memory goes. */
    private final Arena views = Arena.ofShared();

    private GuestRegion(long gpa, long userAddr, long size, long mmapOffset, Mapping mapping) {
        this.gpa = gpa;
        this.userAddr = userAddr;
        this.size = size;
        this.mmapOffset = mmapOffset;
        this.mapping = mapping;
    }

    /**
     * Maps a region that a front-end described.
     *
     * @param fd the file; stays the caller's
     * @param gpa guest physical address
     * @param userAddr address in the front-end's process
     * @param size bytes
     * @param mmapOffset where the region starts in the file, in bytes
     * @throws VhostException if the numbers overflow, the file is too short, or it cannot be mapped
     */
    public static GuestRegion map(OwnedFd fd, long gpa, long userAddr, long size, long mmapOffset) {
        if (size <= 0 || mmapOffset < 0 || mmapOffset + size < 0) {
            throw new VhostException(describe(gpa, size, mmapOffset) + ": size or offset out of range");
        }
        if (wraps(gpa, size) || wraps(userAddr, size)) {
            throw new VhostException(describe(gpa, size, mmapOffset) + String.format(", user=%#x", userAddr)
                    + ": goes past the end of the address space");
        }
        try {
            FileStatus status = FileStatus.of(fd.fd());
            if (status.isRegular() && mmapOffset + size > status.sizeBytes()) {
                throw new VhostException(
                        describe(gpa, size, mmapOffset) + ": its file has only " + status.sizeBytes() + " bytes");
            }
            int access = Mapping.PROT_READ | Mapping.PROT_WRITE;
            Mapping mapping = Mapping.map(fd, mmapOffset, size, access, Mapping.MAP_SHARED | Mapping.MAP_NORESERVE);
            return new GuestRegion(gpa, userAddr, size, mmapOffset, mapping);
        } catch (NativeException e) {
            throw new VhostException(describe(gpa, size, mmapOffset) + ": cannot be mapped: " + e.getMessage(), e);
        }
    }

    private static boolean wraps(long address, long size) {
        return Long.compareUnsigned(address + (size - 1), address) < 0;
    }

    private static String describe(long gpa, long size, long mmapOffset) {
        return String.format("memory region gpa=%#x, size=%#x, offset=%#x", gpa, size, mmapOffset);
    }

    /** Guest physical address. */
    public long gpa() {
        return gpa;
    }

    /** Address in the front-end's process. */
    public long userAddr() {
        return userAddr;
    }

    /** Bytes. */
    public long size() {
        return size;
    }

    /** Where the region starts in its file, in bytes. */
    public long mmapOffset() {
        return mmapOffset;
    }

    /** Where this process sees it. */
    public long hostAddress() {
        return mapping.address();
    }

    /** Whether guest address {@code address} is inside. */
    boolean containsGpa(long address) {
        return Long.compareUnsigned(address - gpa, size) < 0;
    }

    /** Whether front-end address {@code address} is inside. */
    boolean containsUser(long address) {
        return Long.compareUnsigned(address - userAddr, size) < 0;
    }

    boolean overlaps(GuestRegion other) {
        return containsGpa(other.gpa)
                || other.containsGpa(gpa)
                || containsUser(other.userAddr)
                || other.containsUser(userAddr);
    }

    /** Whether this is the same piece of guest memory as the one described. */
    public boolean matches(long otherGpa, long otherUserAddr, long otherSize) {
        return gpa == otherGpa && userAddr == otherUserAddr && size == otherSize;
    }

    @SuppressWarnings("restricted")
    MemorySegment view(long offset, long length) {
        return MemorySegment.ofAddress(hostAddress() + offset).reinterpret(length, views, null);
    }

    /** Has faults on the region's missing pages served through a userfaultfd. */
    public void registerFaults(OwnedFd userFaultFd) {
        long page = mapping.pageSize();
        long from = mapping.address() & -page;
        long to = Math.ceilDiv(mapping.address() + size, page) * page;
        UserFaultFd.register(userFaultFd, from, to - from);
    }

    /** Unmaps the memory; views of it throw from now on. */
    public void release() {
        views.close();
        mapping.close();
    }

    @Override
    public String toString() {
        return describe(gpa, size, mmapOffset) + String.format(", user=%#x", userAddr);
    }
}
