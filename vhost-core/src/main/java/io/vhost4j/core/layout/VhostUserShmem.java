// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/**
 * Byte layouts of the payloads about shared memory regions and doorbells (vhost-user specification, "MMAP request", "VIRTIO Shared Memory
 * Region configuration", "Vring area description"), in the byte order of the host.
 *
 * <pre>
 * map      region u8 | padding 7 | file offset u64 | region offset u64 | length u64 | flags u64
 * regions  count u32 | padding u32 | 256 sizes u64
 * area     u64: bits 0-7 ring index, bit 8 no file descriptor | size u64 | offset u64
 * </pre>
 */
public final class VhostUserShmem {
    /** Map: offset of the region's number. */
    public static final int MAP_REGION = 0;
    /** Map: offset of where the part starts in the file. */
    public static final int MAP_FILE_OFFSET = 8;
    /** Map: offset of where the part starts in the region. */
    public static final int MAP_REGION_OFFSET = 16;
    /** Map: offset of the length in bytes. */
    public static final int MAP_LENGTH = 24;
    /** Map: offset of the flags: 1 the guest may write. */
    public static final int MAP_FLAGS = 32;
    /** Bytes of a map. */
    public static final int MAP_BYTES = 40;

    /** Regions: bytes of the whole table. */
    public static final int REGIONS_BYTES = 8 + 256 * 8;

    /** Area: offset of the size in bytes. */
    public static final int AREA_SIZE = 8;
    /** Area: offset of where it starts in the file. */
    public static final int AREA_OFFSET = 16;
    /** Bytes of an area. */
    public static final int AREA_BYTES = 24;

    /** Bytes of the name of a shared object. */
    public static final int UUID_BYTES = 16;

    private VhostUserShmem() {}
}
