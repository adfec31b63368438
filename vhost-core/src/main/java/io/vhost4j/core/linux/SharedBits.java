// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Sets bits of memory that may not be there, atomically. A compare-and-set of the JVM ends the process where it is not compiled and the
 * memory's file has been truncated under it; the kernel, asked to change a word on the way to waking nobody ({@code FUTEX_WAKE_OP}), says
 * that there is none. Any thread; never waits.
 */
public final class SharedBits {
    // linux/futex.h
    private static final long FUTEX_WAKE_OP_PRIVATE = 5 | 128;
    /** {@code FUTEX_OP_OR} with {@code FUTEX_OP_OPARG_SHIFT}: or 1 shifted left by the argument. */
    private static final long OR_SHIFTED = 2L | 8L;

    private static final int OP_SHIFT = 28;
    private static final int ARGUMENT_SHIFT = 12;
    private static final int WORD_BITS = 32;
    private static final int WORD_BYTES = 4;

    /** Where nobody waits. */
    private static final MemorySegment NOBODY = Arena.global().allocate(ValueLayout.JAVA_INT);

    private SharedBits() {}

    /**
     * Sets bits; one call of the kernel for each.
     *
     * @param address of a 64-bit number, divisible by 8
     * @return false if the memory is not there; some bits may be set all the same
     * @throws NativeException if the kernel refuses for another reason
     */
    public static boolean or(long address, long bits) {
        for (long left = bits; left != 0; left &= left - 1) {
            int bit = Long.numberOfTrailingZeros(left);
            long word = address + (long) (bit / WORD_BITS) * WORD_BYTES;
            long operation = OR_SHIFTED << OP_SHIFT | (long) (bit % WORD_BITS) << ARGUMENT_SHIFT;
            long result =
                    Kernel.invoke(SystemCall.FUTEX, NOBODY.address(), FUTEX_WAKE_OP_PRIVATE, 0, 0, word, operation);
            if (result == -Errno.EFAULT) {
                return false;
            }
            if (result < 0) {
                throw new NativeException(SystemCall.FUTEX, result, "FUTEX_WAKE_OP, bit=" + bit);
            }
        }
        return true;
    }
}
