// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Memory of this process by absolute address, in the host's byte order.
 *
 * <p>Nothing here checks an address: callers pass only addresses of their own buffers, or ones that {@link GuestMemory} translated for
 * the whole range accessed. That is why only the rooms memory, ring, net and pool may use it (and the front-end, for its own memory; and the crypto module, for chains that a ring gathered).
 * Multi-byte accesses may be unaligned except those with acquire or release in the name.
 *
 * <p>Guest memory may not be there: its file can be truncated at any time. Then a load has any value of its range, a store does
 * nothing, and an {@link InternalError} follows, see {@link #settle}. Stores with release semantics are plain ones behind a fence: the
 * ordered store of 16 bits that HotSpot's interpreter makes is an instruction that its handler for missing memory cannot read, and the
 * process would end.
 */
public final class HostWindow {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final VarHandle ALIGNED_SHORT = ValueLayout.JAVA_SHORT.varHandle();
    private static final VarHandle ALIGNED_LONG = ValueLayout.JAVA_LONG.varHandle();

    private static final MemorySegment ALL = unbounded();

    private static final VarHandle ZERO;

    /** Always 0, which the compiler must not know. */
    @SuppressWarnings("unused") // through the handle
    private static int zero;

    // Two things follow from how HotSpot treats an access that finds no memory: it steps over the instruction.
    // What is in the register then is not what the compiler believes of a byte or a short, so masks enforce the range.
    // The compiler must not know them: those that it knows it leaves out as superfluous.
    // And it must be able to tell where the instruction ends. On x86-64 (Assembler::locate_operand) it cannot for these
    // that compiled code could have: the load of an int that becomes a long (movslq), the test of a byte against a
    // constant (testb with memory), setting or clearing one bit of memory (bts, btr), and exchanging 16 bits (xchg).
    // So ints and bytes are masked before anything is done with them, nothing in guest memory is changed in place but
    // by
    // orLong, and no store of 16 bits is an ordered one.
    private static int byteMask = 0xFF;
    private static int shortMask = 0xFFFF;
    private static int intMask = -1;

    static {
        try {
            ZERO = MethodHandles.lookup().findStaticVarHandle(HostWindow.class, "zero", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private HostWindow() {}

    /**
     * Has the error of an earlier access that found no memory thrown here at the latest. HotSpot throws it where the thread next looks
     * whether something is asked of it. In compiled code that can be far away, behind the handler that is there for the error; but a
     * loop whose number of rounds cannot be known looks in every round.
     *
     * @throws InternalError if the memory of an access on this thread was not there
     */
    public static void settle() {
        int rounds = 2;
        while (rounds > (int) ZERO.getOpaque()) {
            rounds--;
        }
    }

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
        return ALL.get(ValueLayout.JAVA_BYTE, address) & byteMask;
    }

    /** The unsigned 16-bit number at {@code address}. */
    public static int getShort(long address) {
        return ALL.get(SHORT, address) & shortMask;
    }

    /** The 32-bit number at {@code address}. */
    public static int getInt(long address) {
        return ALL.get(INT, address) & intMask;
    }

    /** The unsigned 32-bit number at {@code address}. */
    public static long getUnsignedInt(long address) {
        return Integer.toUnsignedLong(getInt(address));
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
        return (short) ALIGNED_SHORT.getAcquire(ALL, address) & shortMask;
    }

    /** Sets 16 bits at an even address; earlier accesses are not done after. */
    public static void setShortRelease(long address, int value) {
        VarHandle.releaseFence();
        ALL.set(SHORT, address, (short) value);
    }

    /** Sets 32 bits at an address divisible by 4; earlier accesses are not done after. */
    public static void setIntRelease(long address, int value) {
        VarHandle.releaseFence();
        ALL.set(INT, address, value);
    }

    /** Sets 64 bits at an address divisible by 8; earlier accesses are not done after. */
    public static void setLongRelease(long address, long value) {
        VarHandle.releaseFence();
        ALL.set(LONG, address, value);
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
