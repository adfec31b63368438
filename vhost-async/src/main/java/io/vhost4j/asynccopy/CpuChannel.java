// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy;

import io.vhost4j.async.CopyBatch;
import io.vhost4j.async.DmaCapabilities;
import io.vhost4j.async.DmaChannel;

/** Copies when it is given copies, and tells of them later. */
final class CpuChannel implements DmaChannel {
    private static final int ROOM = 4096;
    private static final DmaCapabilities CAPABILITIES = new DmaCapabilities(true, 256, Integer.MAX_VALUE, false);

    /** What is to be told, a circle; free-running positions. */
    private final long[] ended = new long[ROOM];

    private int head;
    private int tail;

    @Override
    public DmaCapabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public int transferData(CopyBatch batch) {
        int count = Math.min(batch.count(), ROOM - (tail - head));
        for (int i = 0; i < count; i++) {
            boolean good = MemoryCopy.tryCopy(batch.source(i), batch.target(i), batch.length(i));
            ended[tail++ & ROOM - 1] = good ? batch.opaque(i) : ~batch.opaque(i);
        }
        return count;
    }

    @Override
    public int checkCompletedCopies(long[] completed) {
        int count = Math.min(tail - head, completed.length);
        for (int i = 0; i < count; i++) {
            completed[i] = ended[head++ & ROOM - 1];
        }
        return count;
    }

    @Override
    public void cancel() {
        head = tail;
    }

    @Override
    public void close() {
        cancel();
    }

    @Override
    public String toString() {
        return "cpu";
    }
}
