// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vfio;

import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.OwnedFd;
import java.lang.foreign.MemorySegment;

/** The kernel of this machine. */
public final class LinuxVfio implements VfioKernel {
    /** This machine's. */
    public LinuxVfio() {}

    @Override
    public OwnedFd open(String path) {
        return FileCalls.open(path, FileCalls.O_RDWR, 0);
    }

    @Override
    public int ioctl(int fd, long request, MemorySegment argument) {
        return FileCalls.tryIoctl(fd, request, argument);
    }

    @Override
    public int ioctl(int fd, long request, long argument) {
        return FileCalls.tryIoctl(fd, request, argument);
    }

    @Override
    public long pread(int fd, MemorySegment into, long position) {
        return FileCalls.pread(fd, into, 0, into.byteSize(), position);
    }

    @Override
    public long pwrite(int fd, MemorySegment from, long position) {
        return FileCalls.pwrite(fd, from, 0, from.byteSize(), position);
    }

    @Override
    public Mmio map(int fd, long offset, long bytes) {
        return new MappedMmio(
                Mapping.map(fd, offset, bytes, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED));
    }
}
