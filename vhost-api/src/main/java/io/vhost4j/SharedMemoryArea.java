// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/**
 * A part of one of the device's shared memory regions (vhost-user specification, "MMAP request").
 *
 * @param shmId number of the region, 0 to 255
 * @param fdOffset where the part starts in the file, in bytes
 * @param shmOffset where the part starts in the region, in bytes
 * @param length bytes
 * @param writable whether the guest may write
 */
public record SharedMemoryArea(int shmId, long fdOffset, long shmOffset, long length, boolean writable) {
    /** Checks the region's number. */
    public SharedMemoryArea {
        if (shmId < 0 || shmId > 255) {
            throw new IllegalArgumentException("shmId=" + shmId + ": must be 0 to 255");
        }
    }
}
