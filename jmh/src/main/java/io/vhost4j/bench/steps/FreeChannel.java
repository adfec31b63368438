// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.async.CopyBatch;
import io.vhost4j.async.DmaCapabilities;
import io.vhost4j.async.DmaChannel;

/** An engine that takes no time: it copies nothing. */
final class FreeChannel implements DmaChannel {
    private static final int ROOM = 4096;
    private static final DmaCapabilities CAPABILITIES = new DmaCapabilities(true, ROOM, 1 << 20, false);

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
            ended[tail++ & ROOM - 1] = batch.opaque(i);
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
}
