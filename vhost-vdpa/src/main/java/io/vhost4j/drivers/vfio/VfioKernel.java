// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vfio;

import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import java.lang.foreign.MemorySegment;

/** What VFIO is reached by: files, their calls, and their memory. Another implementation stands in for a machine with the hardware. */
public interface VfioKernel {
    /**
     * Opens a device file for reading and writing.
     *
     * @return owned by the caller
     * @throws NativeException if it cannot be opened
     */
    OwnedFd open(String path);

    /** A call with memory: 0 or more, or {@code -errno}. */
    int ioctl(int fd, long request, MemorySegment argument);

    /** A call with a number: 0 or more, or {@code -errno}. */
    int ioctl(int fd, long request, long argument);

    /** Reads at a position of a file; how many bytes were read. */
    long pread(int fd, MemorySegment into, long position);

    /** Writes at a position of a file; how many bytes were written. */
    long pwrite(int fd, MemorySegment from, long position);

    /**
     * Maps registers.
     *
     * @throws NativeException if they cannot be mapped
     */
    Mmio map(int fd, long offset, long bytes);
}
