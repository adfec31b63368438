// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/**
 * Byte layout of a ring's part of the in-flight buffer (vhost-user specification, "Inflight I/O tracking").
 *
 * <pre>
 * split:  features u64 | version u16 | desc_num u16 | last_batch_head u16 | used_idx u16 | entries
 *         entry (16 bytes): inflight u8 | pad[5] | next u16 | counter u64
 * packed: features u64 | version u16 | desc_num u16 | free_head u16 | old_free_head u16 | used_idx u16 | old_used_idx u16
 *         | used_wrap_counter u8 | old_used_wrap_counter u8 | pad[10] | entries
 *         entry (32 bytes): inflight u8 | pad u8 | next u16 | last u16 | num u16 | counter u64 | id u16 | flags u16 | len u32 | addr u64
 * </pre>
 */
public final class InflightLayout {
    /** Offset of the features that the ring was negotiated with. */
    public static final int FEATURES = 0;
    /** Features: they were written by this library; others leave the field at 0. */
    public static final long FEATURES_KNOWN = 1L << 63;
    /** Offset of the format's version; 0 in a fresh buffer. */
    public static final int VERSION = 8;
    /** The format's version. */
    public static final int VERSION_1 = 1;
    /** Offset of the number of entries. */
    public static final int DESC_NUM = 10;

    /** Split: offset of the head of the last batch that was given back. */
    public static final int SPLIT_LAST_BATCH_HEAD = 12;
    /** Split: offset of the used index up to which entries are cleared. */
    public static final int SPLIT_USED_IDX = 14;
    /** Split: offset of the entries. */
    public static final int SPLIT_ENTRIES = 16;
    /** Split: size of an entry as a shift. */
    public static final int SPLIT_ENTRY_SHIFT = 4;
    /** Split: offset of an entry's successor in its batch. */
    public static final int SPLIT_NEXT = 6;

    /** Packed: offset of the first free entry. */
    public static final int PACKED_FREE_HEAD = 12;
    /** Packed: offset of the first free entry before the batch that is under way. */
    public static final int PACKED_OLD_FREE_HEAD = 14;
    /** Packed: offset of the used position. */
    public static final int PACKED_USED_IDX = 16;
    /** Packed: offset of the used position before the batch that is under way. */
    public static final int PACKED_OLD_USED_IDX = 18;
    /** Packed: offset of the used wrap counter. */
    public static final int PACKED_USED_WRAP = 20;
    /** Packed: offset of the used wrap counter before the batch that is under way. */
    public static final int PACKED_OLD_USED_WRAP = 21;
    /** Packed: offset of the 64 bits that hold the four fields above. */
    public static final int PACKED_POSITIONS = PACKED_USED_IDX;
    /** Packed: the fields of {@link #PACKED_POSITIONS} that change during a batch. */
    public static final long PACKED_CURRENT_MASK = 0x00FF_0000_FFFFL;
    /** Packed: the fields of {@link #PACKED_POSITIONS} as they were before the batch. */
    public static final long PACKED_OLD_MASK = 0xFF00_FFFF_0000L;
    /** Packed: offset of the entries. */
    public static final int PACKED_ENTRIES = 32;
    /** Packed: size of an entry as a shift. */
    public static final int PACKED_ENTRY_SHIFT = 5;
    /** Packed: offset of the next entry, of the chain or of the free list. */
    public static final int PACKED_NEXT = 2;
    /** Packed: offset of the chain's last entry, in its first. */
    public static final int PACKED_LAST = 4;
    /** Packed: offset of the number of the chain's entries, in its first. */
    public static final int PACKED_NUM = 6;
    /** Packed: offset of the copy of the buffer id. */
    public static final int PACKED_ID = 16;
    /** Packed: offset of the copy of the flags. */
    public static final int PACKED_FLAGS = 18;
    /** Packed: offset of the copy of the length. */
    public static final int PACKED_LEN = 20;
    /** Packed: offset of the copy of the address. */
    public static final int PACKED_ADDR = 24;

    /** Both: offset of an entry's mark: 1 while its chain is in flight. */
    public static final int INFLIGHT = 0;
    /** Both: offset of the number that tells the order in which chains were taken. */
    public static final int COUNTER = 8;

    private static final int ALIGN = 64;

    private InflightLayout() {}

    /** Bytes of one ring's part, a multiple of a cache line. */
    public static long queueBytes(boolean packed, int size) {
        long bytes = packed
                ? PACKED_ENTRIES + ((long) size << PACKED_ENTRY_SHIFT)
                : SPLIT_ENTRIES + ((long) size << SPLIT_ENTRY_SHIFT);
        return Math.ceilDiv(bytes, ALIGN) * ALIGN;
    }
}
