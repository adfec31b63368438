// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.kernel;

import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.OwnedFd;
import java.lang.foreign.MemorySegment;

/** What a device of the kernel's bus is reached by. Another implementation stands in for a kernel that has none. */
interface VhostVdpaCalls {
    /** Opens the device; owned by the caller. */
    OwnedFd open(String path);

    /** A call with memory: 0 or more, or {@code -errno}. */
    int ioctl(int fd, long request, MemorySegment argument);

    /** A message to the device: how many bytes it took. */
    long write(int fd, MemorySegment message);

    /** The kernel of this machine. */
    final class Linux implements VhostVdpaCalls {
        @Override
        public OwnedFd open(String path) {
            return FileCalls.open(path, FileCalls.O_RDWR, 0);
        }

        @Override
        public int ioctl(int fd, long request, MemorySegment argument) {
            return argument.byteSize() == 0
                    ? FileCalls.tryIoctl(fd, request, 0)
                    : FileCalls.tryIoctl(fd, request, argument);
        }

        @Override
        public long write(int fd, MemorySegment message) {
            return FileCalls.write(fd, message, 0, message.byteSize());
        }
    }
}
