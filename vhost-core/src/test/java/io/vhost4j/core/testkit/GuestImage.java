// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.testkit;

import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.memory.HostWindow;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest's memory: regions that follow each other in the guest's address space, each a memory file of its own, so that
 * they do not follow each other here. Accesses by guest address may cross from one into the next.
 */
public final class GuestImage implements AutoCloseable {
    /** Guest physical address of the first region. */
    public static final long BASE = 0x4000_0000L;
    /** What the front-end adds to a guest physical address. */
    public static final long USER_OFFSET = 0x7000_0000_0000L;

    private final List<OwnedFd> files = new ArrayList<>();
    private final List<GuestRegion> regions = new ArrayList<>();
    private final GuestMemory memory;
    private final long end;
    private long free = BASE;

    private GuestImage(long... regionBytes) {
        long gpa = BASE;
        for (long bytes : regionBytes) {
            OwnedFd file = MemFd.create("guest", bytes);
            files.add(file);
            regions.add(GuestRegion.map(file, gpa, gpa + USER_OFFSET, bytes, 0));
            gpa += bytes;
        }
        end = gpa;
        memory = GuestMemory.of(regions);
    }

    /** Memory of one region for each size; sizes are multiples of the page size. */
    public static GuestImage of(long... regionBytes) {
        return new GuestImage(regionBytes);
    }

    /** The memory as the device sees it. */
    public GuestMemory memory() {
        return memory;
    }

    /** The first address after all regions; nothing is there. */
    public long end() {
        return end;
    }

    /** The file of region {@code index}; stays the image's. */
    public int fd(int index) {
        return files.get(index).fd();
    }

    /** Where region {@code index} starts. */
    public long regionStart(int index) {
        return regions.get(index).gpa();
    }

    /** Guest memory that nobody else was given. */
    public long allocate(long bytes, long alignment) {
        long at = Math.ceilDiv(free, alignment) * alignment;
        if (at + bytes > end) {
            throw new IllegalStateException("guest memory is full: make the image larger");
        }
        free = at + bytes;
        return at;
    }

    /** Like {@link #allocate}, inside one region as rings have to be. */
    public long allocateWhole(long bytes, long alignment) {
        long at = allocate(bytes, alignment);
        while (memory.toHost(at, bytes) == 0) {
            GuestRegion region = memory.regionOf(at);
            if (region == null) {
                throw new IllegalStateException("no region holds " + bytes + " bytes");
            }
            free = region.gpa() + region.size();
            at = allocate(bytes, alignment);
        }
        return at;
    }

    /** Skips to {@code bytes} before the end of the region that the next allocation would come from. */
    public long allocateAcrossBorder(long bytes, long before) {
        GuestRegion region = memory.regionOf(free);
        if (region == null) {
            throw new IllegalStateException("no region left");
        }
        free = region.gpa() + region.size() - before;
        return allocate(bytes, 1);
    }

    /** Host address of memory that must be in one region. */
    public long host(long gpa, long bytes) {
        long host = memory.toHost(gpa, bytes);
        if (host == 0) {
            throw new IllegalArgumentException(
                    "gpa 0x" + Long.toHexString(gpa) + ", " + bytes + " bytes: not in one region");
        }
        return host;
    }

    /** The byte at {@code gpa}. */
    public int getByte(long gpa) {
        return HostWindow.getByte(host(gpa, 1));
    }

    /** Sets the byte at {@code gpa}. */
    public void setByte(long gpa, int value) {
        HostWindow.setByte(host(gpa, 1), value);
    }

    /** A little-endian unsigned number of {@code bytes} bytes. */
    public long get(long gpa, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) getByte(gpa + i) << 8 * i;
        }
        return value;
    }

    /** Writes a little-endian number of {@code bytes} bytes. */
    public void set(long gpa, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            setByte(gpa + i, (int) (value >>> 8 * i) & 0xFF);
        }
    }

    /** The bytes at {@code gpa}. */
    public byte[] read(long gpa, int bytes) {
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            data[i] = (byte) getByte(gpa + i);
        }
        return data;
    }

    /** Writes {@code data} to {@code gpa}. */
    public void write(long gpa, byte[] data) {
        for (int i = 0; i < data.length; i++) {
            setByte(gpa + i, data[i]);
        }
    }

    /** Makes the file behind region {@code index} shorter while it is mapped, as a broken front-end may. */
    public void truncate(int index, long bytes) {
        FileCalls.ftruncate(files.get(index).fd(), bytes);
    }

    @Override
    public void close() {
        regions.forEach(GuestRegion::release);
        files.forEach(OwnedFd::close);
    }
}
