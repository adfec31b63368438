// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

/**
 * Where one ring lives, as addresses in this process.
 *
 * @param size descriptors
 * @param desc descriptor table, or packed descriptor ring
 * @param driver available ring, or the driver's event suppression structure
 * @param device used ring, or the device's event suppression structure
 * @param headers {@link #HEADER_SLOT} bytes for each descriptor, for packet headers that have no room before the packet; 0 in
 *     receive rings
 * @param tables {@link #TABLE_BYTES} for each descriptor, for indirect tables; 0 if there are none
 */
record RingArea(int size, long desc, long driver, long device, long headers, long tables) {
    /** Bytes between two header slots. */
    static final int HEADER_SLOT = 16;
    /** Descriptors of an indirect table: enough for 64 KB in buffers of 1 KB. */
    static final int TABLE_ENTRIES = 66;
    /** Bytes of an indirect table. */
    static final int TABLE_BYTES = TABLE_ENTRIES * 16;

    /** Where the header of the chain with this id goes. */
    long header(int id) {
        return headers + (long) id * HEADER_SLOT;
    }

    /** Where the indirect table of the chain with this id goes. */
    long table(int id) {
        return tables + (long) id * TABLE_BYTES;
    }
}
