// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy.ioat;

import io.vhost4j.async.CopyBatch;
import io.vhost4j.async.DmaCapabilities;
import io.vhost4j.async.DmaChannel;

/** One ring's share of a function. What it is to be told lies in a circle, which is the function's to fill under its lock. */
final class IoatChannel implements DmaChannel {
    private final IoatFunction function;
    private final long[] ended = new long[IoatFunction.DESCRIPTORS];

    /** Free-running; guarded by the function, as is {@link #outstanding}. */
    private int head;

    private int tail;
    private int outstanding;

    IoatChannel(IoatFunction function) {
        this.function = function;
    }

    @Override
    public DmaCapabilities capabilities() {
        return function.capabilities();
    }

    @Override
    public int transferData(CopyBatch batch) {
        synchronized (function) {
            return function.give(this, batch);
        }
    }

    @Override
    public int checkCompletedCopies(long[] completed) {
        synchronized (function) {
            function.poll();
            int count = Math.min(tail - head, completed.length);
            for (int i = 0; i < count; i++) {
                completed[i] = ended[head++ & ended.length - 1];
            }
            return count;
        }
    }

    @Override
    public void cancel() {
        synchronized (function) {
            function.finish(this);
            head = tail;
        }
    }

    @Override
    public void mapMemory(long address, long bytes) {
        function.map(address, bytes);
    }

    @Override
    public void unmapMemory(long address, long bytes) {
        function.unmap(address, bytes);
    }

    @Override
    public void close() {
        cancel();
        function.closed(this);
    }

    /** How many copies more it can have: each needs room to be told of. */
    int room() {
        return ended.length - outstanding - (tail - head);
    }

    int outstanding() {
        return outstanding;
    }

    void begun() {
        outstanding++;
    }

    void ended(long opaque) {
        outstanding--;
        ended[tail++ & ended.length - 1] = opaque;
    }

    @Override
    public String toString() {
        return function.toString();
    }
}
