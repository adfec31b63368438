// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/**
 * Byte layout of the split virtqueue (virtio 1.2 §2.7), little-endian.
 *
 * <pre>
 * descriptor (16 bytes):  addr u64 | len u32 | flags u16 | next u16
 * available ring:         flags u16 | idx u16 | ring u16[size] | used_event u16
 * used ring:              flags u16 | idx u16 | { id u32, len u32 }[size] | avail_event u16
 * </pre>
 */
public final class SplitLayout {
    /** Size of a descriptor as a shift: 16 bytes. */
    public static final int DESC_SHIFT = 4;
    /** Offset of a descriptor's buffer address. */
    public static final int DESC_ADDR = 0;
    /** Offset of a descriptor's length. */
    public static final int DESC_LEN = 8;
    /** Offset of a descriptor's flags. */
    public static final int DESC_FLAGS = 12;
    /** Offset of the index of a descriptor's successor. */
    public static final int DESC_NEXT = 14;

    /** Offset of the flags of the available and of the used ring. */
    public static final int RING_FLAGS = 0;
    /** Offset of the index of the available and of the used ring. */
    public static final int RING_IDX = 2;
    /** Offset of the first entry of the available and of the used ring. */
    public static final int RING_ENTRIES = 4;
    /** Size of an entry of the available ring as a shift: 2 bytes. */
    public static final int AVAIL_SHIFT = 1;
    /** Size of an entry of the used ring as a shift: 8 bytes. */
    public static final int USED_SHIFT = 3;
    /** Offset of the length in an entry of the used ring. */
    public static final int USED_LEN = 4;

    /** Available ring flag: the driver needs no interrupt. */
    public static final int AVAIL_NO_INTERRUPT = 1;
    /** Used ring flag: the device needs no notification. */
    public static final int USED_NO_NOTIFY = 1;

    /** Alignment of the descriptor table, in bytes. */
    public static final int DESC_ALIGN = 16;
    /** Alignment of the available ring, in bytes. */
    public static final int AVAIL_ALIGN = 2;
    /** Alignment of the used ring, in bytes. */
    public static final int USED_ALIGN = 4;

    private SplitLayout() {}

    /** Bytes of the descriptor table. */
    public static long descBytes(int size) {
        return (long) size << DESC_SHIFT;
    }

    /** Bytes of the available ring, {@code used_event} included. */
    public static long availBytes(int size) {
        return RING_ENTRIES + ((long) size << AVAIL_SHIFT) + 2;
    }

    /** Bytes of the used ring, {@code avail_event} included. */
    public static long usedBytes(int size) {
        return RING_ENTRIES + ((long) size << USED_SHIFT) + 2;
    }

    /** Offset of entry {@code slot} in the used ring. */
    public static long usedEntry(int slot) {
        return RING_ENTRIES + ((long) slot << USED_SHIFT);
    }

    /** Offset of {@code used_event} in the available ring. */
    public static long usedEvent(int size) {
        return RING_ENTRIES + ((long) size << AVAIL_SHIFT);
    }

    /** Offset of {@code avail_event} in the used ring. */
    public static long availEvent(int size) {
        return RING_ENTRIES + ((long) size << USED_SHIFT);
    }
}
