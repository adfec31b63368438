// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.async;

import io.vhost4j.VhostException;

/**
 * Something that copies memory on its own: a DMA engine's queue, a thread. Serves one ring at a time, from
 * {@link AsyncRings#asyncChannelRegister} to {@link AsyncRings#asyncChannelUnregister}; an engine with more channels serves more rings, and
 * the rings of a device may have channels of different engines.
 *
 * <p>Mirrors the operations of {@code rte_vhost_async_channel_ops}. The library calls {@link #transferData}, {@link #checkCompletedCopies}
 * and {@link #cancel} from one thread at a time, the one that polls the ring or one that stops it, and {@link #mapMemory} and
 * {@link #unmapMemory} from any, also at the same time as those. What a channel throws is counted and logged, its copies are done by the
 * CPU, and the ring gives it no more.
 *
 * <p>Memory of a guest may not be there any more when it is copied, because its owner has truncated the file. A channel that copies by
 * instructions of the CPU gets an {@link InternalError} then, and reports the copy as failed.
 */
public interface DmaChannel extends AutoCloseable {
    /** What it can do; always the same. */
    DmaCapabilities capabilities();

    /**
     * Starts copies, without waiting for their end.
     *
     * @return how many, from the first; the CPU does the others
     */
    int transferData(CopyBatch batch);

    /**
     * Tells of copies that have ended since the last call, each once: its opaque value if all bytes are where they belong and later
     * loads of this thread see them; {@code ~opaque} if not, then it is done again by the CPU.
     *
     * @param completed receives them, from the start
     * @return how many; fewer than the array has room for if there are no more now
     */
    int checkCompletedCopies(long[] completed);

    /**
     * Ends all copies that {@link #checkCompletedCopies} has not told of; it never will. When this returns, none of them reads or writes
     * memory any more, and others may be given.
     */
    void cancel();

    /**
     * Memory that copies may be in from now on: a region of the guest's, or a pool's. Only called if the channel
     * {@linkplain DmaCapabilities#needsMapping needs it}. The same range may be given more than once.
     *
     * @param address host address of the first byte
     * @param bytes how many
     * @throws VhostException if the channel cannot reach it
     */
    default void mapMemory(long address, long bytes) {}

    /** Takes back what {@link #mapMemory} gave; no copy is in it. */
    default void unmapMemory(long address, long bytes) {}

    /** Ends the channel; cancels what is left. Its user calls it, when no ring has it any more. */
    @Override
    void close();
}
