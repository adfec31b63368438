// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.packet;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A packet, or one segment of a chained packet; mirrors {@code struct rte_mbuf}.
 *
 * <p>A segment has a buffer outside the heap: {@link #headroom} bytes free, {@link #dataLength} bytes of data, {@link #tailroom}
 * bytes free. The first segment of a chain stands for the whole packet: it carries {@link #packetLength}, {@link #segmentCount}, the
 * offload fields and the chain by {@link #next}.
 *
 * <p>A packet belongs to one thread at a time; handing it over needs a happens-before edge, as a queue gives. Only {@link #retain},
 * {@link #refCount} and {@link #free} of different references may run at the same time. Using a packet after its last reference
 * was freed is an error: reading lengths gives stale values, {@link #free} throws.
 *
 * <p>Offsets count from the start of this segment's data; multi-byte values are in network byte order. An access outside the data throws
 * {@link IndexOutOfBoundsException}.
 */
public interface Packet {
    /** Bytes of data in this segment. */
    int dataLength();

    /** Bytes of data in the whole packet; valid in the first segment. */
    int packetLength();

    /** Segments of the packet; valid in the first segment. */
    int segmentCount();

    /** The next segment, or null. */
    @Nullable
    Packet next();

    /** Free bytes before the data. */
    int headroom();

    /** Free bytes after the data. */
    int tailroom();

    /** This segment's data as a bounded view, valid until the packet is freed. Makes an object: for control paths and tests. */
    MemorySegment data();

    /** The byte at {@code offset}. */
    byte getByte(int offset);

    /** The two bytes at {@code offset}, as an unsigned number. */
    int getUnsignedShort(int offset);

    /** The four bytes at {@code offset}. */
    int getInt(int offset);

    /** The eight bytes at {@code offset}. */
    long getLong(int offset);

    /** Sets the byte at {@code offset}. */
    void setByte(int offset, byte value);

    /** Sets two bytes at {@code offset} to the low half of {@code value}. */
    void setShort(int offset, int value);

    /** Sets four bytes at {@code offset}. */
    void setInt(int offset, int value);

    /** Sets eight bytes at {@code offset}. */
    void setLong(int offset, long value);

    /** Copies {@code length} bytes of this segment's data to {@code target}. */
    void getBytes(int offset, byte[] target, int targetOffset, int length);

    /** Copies {@code length} bytes of {@code source} into this segment's data. */
    void setBytes(int offset, byte[] source, int sourceOffset, int length);

    /**
     * Copies data of the whole packet, across segments.
     *
     * @param offset from the start of the packet
     * @throws IndexOutOfBoundsException if the packet is shorter than {@code offset + length}
     */
    void copyTo(int offset, byte[] target, int targetOffset, int length);

    /**
     * Adds {@code length} bytes after the data of the last segment; mirrors {@code rte_pktmbuf_append}.
     *
     * @throws IndexOutOfBoundsException if the last segment's tailroom is smaller
     */
    void append(int length);

    /**
     * Adds {@code length} bytes before the data; mirrors {@code rte_pktmbuf_prepend}.
     *
     * @throws IndexOutOfBoundsException if the headroom is smaller
     */
    void prepend(int length);

    /**
     * Removes {@code length} bytes from the start of the data; mirrors {@code rte_pktmbuf_adj}.
     *
     * @throws IndexOutOfBoundsException if this segment has less data
     */
    void adjust(int length);

    /**
     * Removes {@code length} bytes from the end of the last segment; mirrors {@code rte_pktmbuf_trim}.
     *
     * @throws IndexOutOfBoundsException if the last segment has less data
     */
    void trim(int length);

    /**
     * Appends the packet {@code tail}, which becomes part of this one; mirrors {@code rte_pktmbuf_chain}.
     *
     * @throws IllegalArgumentException if the chain would have more than 65535 segments or 2^31-1 bytes
     */
    void chain(Packet tail);

    /** Offload bits, see {@link PacketFlags}. */
    long olFlags();

    /** Sets the offload bits; {@link PacketFlags#EXTERNAL} is kept as it is. */
    void setOlFlags(long flags);

    /** Length of the layer 2 header, in bytes. */
    int l2Length();

    /** Length of the layer 3 header, in bytes. */
    int l3Length();

    /** Length of the layer 4 header, in bytes. */
    int l4Length();

    /** Sets the header lengths, each 0 to 65535 bytes. */
    void setHeaderLengths(int l2, int l3, int l4);

    /** Payload bytes of each segment that this packet stands for, 0 to 65535. */
    int tsoSegmentSize();

    /** Sets {@link #tsoSegmentSize}. */
    void setTsoSegmentSize(int size);

    /** A value of the application's, 0 in a new packet; the library does not look at it. */
    long userData();

    /** Sets {@link #userData}. */
    void setUserData(long value);

    /**
     * Replaces this segment's buffer by {@code buffer}, whose bytes are all room and none data; mirrors
     * {@code rte_pktmbuf_attach_extbuf}. The segment must hold no data.
     *
     * @param buffer native memory that must stay alive until {@code release} is called
     * @param release called once, on the thread that frees the last reference
     * @throws IllegalArgumentException if {@code buffer} is on the heap, read-only, or larger than 2^31-1 bytes
     */
    void attachExternal(MemorySegment buffer, Runnable release);

    /** References to this segment. */
    int refCount();

    /** Adds a reference to every segment of the packet: one more {@link #free} is needed. */
    void retain();

    /**
     * Gives up one reference to every segment; segments without references return to their pools.
     *
     * @throws IllegalStateException if a segment has none
     */
    void free();

    /** Where this segment's buffer is from. */
    PacketPool pool();
}
