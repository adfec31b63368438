// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import io.vhost4j.VhostException;
import io.vhost4j.core.layout.InflightLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * A split ring's part of the in-flight buffer, which outlives this process: which chains were taken and not given back (vhost-user
 * specification, "Inflight I/O tracking", split virtqueues). The front-end can write to the buffer at any time, so nothing that is read
 * from it is used unchecked.
 */
public final class SplitInflight {
    private final long base;
    private final int size;
    private final InflightHeader header;
    private long counter;

    /**
     * Tracks a ring in {@code InflightLayout.queueBytes} bytes at host address {@code base}. A fresh buffer is set up.
     *
     * @param features of the ring, as negotiated
     * @param usedIdx the ring's used index
     * @throws VhostException if the buffer belongs to a ring of another size, kind or format
     */
    public SplitInflight(long base, int size, long features, int usedIdx) {
        this.base = base;
        this.size = size;
        header = new InflightHeader(base, size, features);
        if (header.isFresh()) {
            HostWindow.setShort(base + InflightLayout.SPLIT_USED_IDX, usedIdx);
            header.setUp();
        }
        header.check();
    }

    private long entry(int head) {
        return base + InflightLayout.SPLIT_ENTRIES + ((long) head << InflightLayout.SPLIT_ENTRY_SHIFT);
    }

    /**
     * Finishes what the process before left half done.
     *
     * @param usedIdx the ring's used index
     * @return heads of the chains that were taken and not given back, in the order in which they were taken
     * @throws VhostException if there are such chains, and they were taken with other features
     */
    public int[] recover(int usedIdx) {
        int unfinished = (usedIdx - HostWindow.getShort(base + InflightLayout.SPLIT_USED_IDX)) & 0xFFFF;
        int head = HostWindow.getShort(base + InflightLayout.SPLIT_LAST_BATCH_HEAD);
        for (int i = 0; i < Math.min(unfinished, size) && head < size; i++) {
            HostWindow.setByte(entry(head) + InflightLayout.INFLIGHT, 0);
            head = HostWindow.getShort(entry(head) + InflightLayout.SPLIT_NEXT);
        }
        VarHandle.releaseFence();
        HostWindow.setShort(base + InflightLayout.SPLIT_USED_IDX, usedIdx);
        long[] order = new long[size];
        Arrays.setAll(order, i -> HostWindow.getLong(entry(i) + InflightLayout.COUNTER));
        int[] heads = IntStream.range(0, size)
                .filter(i -> HostWindow.getByte(entry(i) + InflightLayout.INFLIGHT) == 1)
                .boxed()
                .sorted(Comparator.comparingLong(i -> order[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        counter = Arrays.stream(order).max().orElse(0);
        header.goOn(heads.length);
        return heads;
    }

    /** Chains were taken. */
    public void taken(int[] heads, int count) {
        for (int i = 0; i < count; i++) {
            long at = entry(heads[i]);
            HostWindow.setLong(at + InflightLayout.COUNTER, ++counter);
            VarHandle.releaseFence();
            HostWindow.setByte(at + InflightLayout.INFLIGHT, 1);
        }
    }

    /** Chains are about to be given back. */
    public void returning(int[] heads, int count) {
        int last = HostWindow.getShort(base + InflightLayout.SPLIT_LAST_BATCH_HEAD);
        for (int i = 0; i < count; i++) {
            HostWindow.setShort(entry(heads[i]) + InflightLayout.SPLIT_NEXT, last);
            last = heads[i];
            VarHandle.releaseFence();
            HostWindow.setShort(base + InflightLayout.SPLIT_LAST_BATCH_HEAD, last);
        }
        VarHandle.releaseFence();
    }

    /** Chains were given back; {@code usedIdx} is the used index now. */
    public void returned(int[] heads, int count, int usedIdx) {
        VarHandle.releaseFence();
        for (int i = 0; i < count; i++) {
            HostWindow.setByte(entry(heads[i]) + InflightLayout.INFLIGHT, 0);
        }
        VarHandle.releaseFence();
        HostWindow.setShort(base + InflightLayout.SPLIT_USED_IDX, usedIdx);
    }
}
