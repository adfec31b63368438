// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/**
 * Byte layouts of the payloads about guest memory (vhost-user specification, "Memory region description"), in the byte
 * order of the host.
 *
 * <pre>
 * region         gpa u64 | size u64 | user address u64 | mmap offset u64
 * table          count u32 | padding u32 | regions
 * single region  padding u64 | region
 * </pre>
 */
public final class VhostUserMemory {
    /** Region: offset of the guest physical address. */
    public static final int REGION_GPA = 0;
    /** Region: offset of the size in bytes. */
    public static final int REGION_SIZE = 8;
    /** Region: offset of the address in the front-end. */
    public static final int REGION_USER_ADDR = 16;
    /** Region: offset of where it starts in its file. */
    public static final int REGION_MMAP_OFFSET = 24;
    /** Bytes of a region. */
    public static final int REGION_BYTES = 32;

    /** Table: offset of the number of regions. */
    public static final int TABLE_COUNT = 0;
    /** Table: offset of the first region. */
    public static final int TABLE_REGIONS = 8;
    /** Most regions in a table, and most file descriptors with one message. */
    public static final int TABLE_MAX_REGIONS = 8;

    /** Bytes of the largest table. */
    public static final int TABLE_MAX_BYTES = TABLE_REGIONS + TABLE_MAX_REGIONS * REGION_BYTES;

    /** Single region: offset of the region. */
    public static final int SINGLE_REGION = 8;
    /** Bytes of a single region. */
    public static final int SINGLE_BYTES = SINGLE_REGION + REGION_BYTES;

    private VhostUserMemory() {}
}
