// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import java.util.Arrays;

/**
 * Chains that a ring gathered: for each its id and its buffers as host addresses that were checked for their whole length.
 * Chain {@code c} has the segments {@code firstSegment[c]} up to {@code firstSegment[c + 1]}, exclusive.
 *
 * <p>In most batches each chain has one descriptor and one segment. Those are {@link #isPlain plain}: what is the same in all of them is
 * not written anew.
 *
 * <p>The arrays are open to the rooms whose loops run over them. A ring's own batch is the thread's that is in the ring.
 */
public final class ChainBatch {
    /** Total of a chain that cannot be used: an address outside guest memory, a wrong direction, a bad indirect table. */
    public static final long BAD = -1;

    private static final ThreadLocal<ChainBatch> OF_THREAD = new ThreadLocal<>();

    /** Ids to give back: head index or buffer id. */
    public int[] id;
    /** Ring slots that each chain takes up. Not written while the batch is plain. */
    public int[] slots;
    /** Index of each chain's first segment. Not written while the batch is plain. */
    public int[] firstSegment;
    /**
     * Index of each chain's first segment that we write, {@code firstSegment[c + 1]} if there is none. Only in rings with both kinds of
     * buffers, {@link Ring#EITHER}.
     */
    public int[] firstWritable;
    /** Bytes of all buffers of each chain, or {@link #BAD}. Not written while the batch is plain. */
    private final long[] totalBytes;
    /** Bytes written into each chain, from its first writable one; who wrote them sets it before the chain is published. */
    public int[] writtenBytes;

    /** Host address of each segment. */
    public long[] address;
    /** Length of each segment in bytes, never negative; one over 2 GiB is cut, its chain's total is not. */
    public int[] length;

    /** Segments in use. */
    int segments;

    /** What {@link #slots} and {@link #firstSegment} are in a plain batch, and in another. */
    private final int[] ones;

    private final int[] numbers;
    private final int[] ownSlots;
    private final int[] ownFirstSegment;
    private boolean plain;

    /** The calling thread's own batch, of at least {@code maxChains} chains. */
    static ChainBatch ofThread(int maxChains) {
        ChainBatch batch = OF_THREAD.get();
        if (batch == null || batch.capacity() < maxChains) {
            batch = new ChainBatch(maxChains);
            OF_THREAD.set(batch);
        }
        return batch;
    }

    ChainBatch(int maxChains) {
        id = new int[maxChains];
        ownSlots = new int[maxChains];
        ownFirstSegment = new int[maxChains + 1];
        ones = new int[maxChains];
        Arrays.fill(ones, 1);
        numbers = new int[maxChains + 1];
        Arrays.setAll(numbers, chain -> chain);
        slots = ones;
        firstSegment = numbers;
        plain = true;
        firstWritable = new int[maxChains];
        totalBytes = new long[maxChains];
        writtenBytes = new int[maxChains];
        address = new long[Math.max(256, 2 * maxChains)];
        length = new int[address.length];
    }

    /** The most chains it holds. */
    public int capacity() {
        return id.length;
    }

    /** Whether each chain has one descriptor and one segment: chain {@code c} is segment {@code c}. */
    public boolean isPlain() {
        return plain;
    }

    /** Bytes of all buffers of chain {@code chain}, or {@link #BAD}. */
    public long totalBytes(int chain) {
        return plain ? length[chain] : totalBytes[chain];
    }

    /** Says what {@link #totalBytes} is of a chain of a batch that is not plain. */
    void setTotal(int chain, long bytes) {
        totalBytes[chain] = bytes;
    }

    /** Makes the batch an empty one that is plain until {@link #spread}. */
    void clear() {
        segments = 0;
        if (!plain) { // references are not stored for nothing: the garbage collector keeps account of that
            slots = ones;
            firstSegment = numbers;
            plain = true;
        }
    }

    /** Before the first chain that is not as those of a plain batch: the {@code chains} before stay what they are. */
    void spread(int chains) {
        if (plain) {
            System.arraycopy(ones, 0, ownSlots, 0, chains);
            System.arraycopy(numbers, 0, ownFirstSegment, 0, chains + 1);
            for (int chain = 0; chain < chains; chain++) {
                totalBytes[chain] = length[chain];
            }
            slots = ownSlots;
            firstSegment = ownFirstSegment;
            plain = false;
        }
    }

    void add(long hostAddress, long bytes) {
        if (segments == address.length) {
            address = Arrays.copyOf(address, 2 * segments);
            length = Arrays.copyOf(length, 2 * segments);
        }
        address[segments] = hostAddress;
        length[segments] = (int) Math.min(bytes, Integer.MAX_VALUE);
        segments++;
    }
}
