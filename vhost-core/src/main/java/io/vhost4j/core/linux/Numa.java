// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Memory nodes of machines with more than one ({@code numa(7)}). */
public final class Numa {
    // linux/mempolicy.h
    private static final int MPOL_BIND = 2;
    private static final int MPOL_F_NODE = 1;
    private static final int MPOL_F_ADDR = 2;

    private static final int MAX_NODES = 1024;
    private static final int MASK_BYTES = MAX_NODES / Byte.SIZE;

    private Numa() {}

    /**
     * The node that holds a page; the page becomes present by this.
     *
     * @param address an address in mapped memory
     * @return the node's number, or {@code -errno}: {@code -ENOSYS} on a kernel without nodes, {@code -EPERM} where a
     *     container forbids to ask, {@code -EFAULT} for an address that is not mapped
     */
    public static int tryNodeOf(long address) {
        CallScratch scratch = CallScratch.current();
        long result =
                Kernel.invoke(SystemCall.GET_MEMPOLICY, scratch.address(), 0, 0, address, MPOL_F_NODE | MPOL_F_ADDR, 0);
        return result < 0 ? (int) result : scratch.buffer().get(ValueLayout.JAVA_INT, 0);
    }

    /**
     * Lets all pages of a mapping that are not present yet come from one node.
     *
     * @param mapping the memory
     * @param node the node's number, 0 to 1023
     * @throws NativeException {@link Errno#EINVAL} if there is no such node
     */
    public static void bind(Mapping mapping, int node) {
        if (node < 0 || node >= MAX_NODES) {
            throw new IllegalArgumentException("node=" + node + ": must be 0 to " + (MAX_NODES - 1));
        }
        CallScratch scratch = CallScratch.current();
        MemorySegment mask = scratch.buffer().asSlice(0, MASK_BYTES).fill((byte) 0);
        mask.set(ValueLayout.JAVA_LONG, node / Long.SIZE * (long) Long.BYTES, 1L << node);
        // the kernel reads one bit less than it is told
        mapping.bindNodes(MPOL_BIND, scratch.address(), MAX_NODES + 1L);
    }
}
