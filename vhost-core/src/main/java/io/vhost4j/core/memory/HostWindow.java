// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Memory of this process by absolute address, in the host's byte order.
 *
 * <p>Nothing here checks an address: callers pass only addresses of their own buffers, or ones that {@link GuestMemory} translated for
 * the whole range accessed. That is why only the rooms memory, ring, net and pool (and the front-end, for its own memory) may use it.
 * Multi-byte accesses may be unaligned except those with acquire or release in the name.
 */
public final class HostWindow {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final VarHandle ALIGNED_SHORT = ValueLayout.JAVA_SHORT.varHandle();
    private static final VarHandle ALIGNED_INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle ALIGNED_LONG = ValueLayout.JAVA_LONG.varHandle();

    private static final MemorySegment ALL = unbounded();

    private HostWindow() {}

    @SuppressWarnings("restricted")
    private static MemorySegment unbounded() {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new IllegalStateException(
                    "byte order of this machine: big-endian; virtio rings need a little-endian one");
        }
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /** The unsigned byte at {@code address}. */
    public static int getByte(long address) {
        return ALL.get(ValueLayout.JAVA_BYTE, address) & 0xFF;
    }

    /** The unsigned 16-bit number at {@code address}. */
    public static int getShort(long address) {
        return ALL.get(SHORT, address) & 0xFFFF;
    }

    /** The 32-bit number at {@code address}. */
    public static int getInt(long address) {
        return ALL.get(INT, address);
    }

    /** The 64-bit number at {@code address}. */
    public static long getLong(long address) {
        return ALL.get(LONG, address);
    }

    /** Sets the byte at {@code address}. */
    public static void setByte(long address, int value) {
        ALL.set(ValueLayout.JAVA_BYTE, address, (byte) value);
    }

    /** Sets 16 bits at {@code address}. */
    public static void setShort(long address, int value) {
        ALL.set(SHORT, address, (short) value);
    }

    /** Sets 32 bits at {@code address}. */
    public static void setInt(long address, int value) {
        ALL.set(INT, address, value);
    }

    /** Sets 64 bits at {@code address}. */
    public static void setLong(long address, long value) {
        ALL.set(LONG, address, value);
    }

    /** The unsigned 16-bit number at an even address; later accesses are not done before. */
    public static int getShortAcquire(long address) {
        return (short) ALIGNED_SHORT.getAcquire(ALL, address) & 0xFFFF;
    }

    /** Sets 16 bits at an even address; earlier accesses are not done after. */
    public static void setShortRelease(long address, int value) {
        ALIGNED_SHORT.setRelease(ALL, address, (short) value);
    }

    /** Sets 32 bits at an address divisible by 4; earlier accesses are not done after. */
    public static void setIntRelease(long address, int value) {
        ALIGNED_INT.setRelease(ALL, address, value);
    }

    /** Sets 64 bits at an address divisible by 8; earlier accesses are not done after. */
    public static void setLongRelease(long address, long value) {
        ALIGNED_LONG.setRelease(ALL, address, value);
    }

    /** Sets bits of the 64-bit number at an address divisible by 8, atomically; bits that are set already cost no write. */
    public static void orLong(long address, long bits) {
        if (((long) ALIGNED_LONG.getOpaque(ALL, address) & bits) != bits) {
            ALIGNED_LONG.getAndBitwiseOr(ALL, address, bits);
        }
    }

    /** Copies {@code length} bytes. */
    public static void copy(long from, long to, long length) {
        MemorySegment.copy(ALL, from, ALL, to, length);
    }

    /** Copies {@code length} bytes into an array. */
    public static void copy(long from, byte[] to, int toIndex, int length) {
        MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, from, to, toIndex, length);
    }

    /** Copies {@code length} bytes out of an array. */
    public static void copy(byte[] from, int fromIndex, long to, int length) {
        MemorySegment.copy(from, fromIndex, ALL, ValueLayout.JAVA_BYTE, to, length);
    }

    /** Sets {@code length} bytes to {@code value}. */
    public static void fill(long address, long length, int value) {
        ALL.asSlice(address, length).fill((byte) value);
    }
}
