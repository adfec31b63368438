// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/**
 * Byte layout of the packed virtqueue (virtio 1.2 §2.8), little-endian.
 *
 * <pre>
 * descriptor (16 bytes):       addr u64 | len u32 | id u16 | flags u16
 * event suppression (4 bytes): off_wrap u16 (bits 0-14 offset, bit 15 wrap counter) | flags u16 (bits 0-1)
 * </pre>
 */
public final class PackedLayout {
    /** Size of a descriptor as a shift: 16 bytes. */
    public static final int DESC_SHIFT = 4;
    /** Offset of a descriptor's buffer address. */
    public static final int DESC_ADDR = 0;
    /** Offset of a descriptor's length. */
    public static final int DESC_LEN = 8;
    /** Offset of a descriptor's buffer id. */
    public static final int DESC_ID = 12;
    /** Offset of a descriptor's flags. */
    public static final int DESC_FLAGS = 14;

    /** Flag: with the driver's wrap counter, tells available descriptors. */
    public static final int FLAG_AVAIL = 1 << 7;
    /** Flag: with the device's wrap counter, tells used descriptors. */
    public static final int FLAG_USED = 1 << 15;

    /** Offset of the event position in an event suppression structure. */
    public static final int EVENT_OFF_WRAP = 0;
    /** Offset of the flags in an event suppression structure. */
    public static final int EVENT_FLAGS = 2;
    /** Bytes of an event suppression structure. */
    public static final int EVENT_BYTES = 4;
    /** Event flags: notify always. */
    public static final int EVENT_ENABLE = 0;
    /** Event flags: never notify. */
    public static final int EVENT_DISABLE = 1;
    /** Event flags: notify at the position given. */
    public static final int EVENT_DESC = 2;

    /** Bit of the wrap counter in a 16-bit ring position. */
    public static final int WRAP_BIT = 1 << 15;
    /** Alignment of the descriptor ring, in bytes. */
    public static final int DESC_ALIGN = 16;
    /** Alignment of the event suppression structures, in bytes. */
    public static final int EVENT_ALIGN = 4;

    private PackedLayout() {}

    /** Bytes of the descriptor ring. */
    public static long descBytes(int size) {
        return (long) size << DESC_SHIFT;
    }
}
