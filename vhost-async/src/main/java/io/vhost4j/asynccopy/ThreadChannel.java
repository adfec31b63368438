// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy;

import io.vhost4j.async.CopyBatch;
import io.vhost4j.async.DmaCapabilities;
import io.vhost4j.async.DmaChannel;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A circle of copies between the thread that polls a ring, which writes, and a copy thread, which reads, without a lock. Each has one index,
 * which only it advances; both are kept apart from each other and from what surrounds them, so that the threads do not share cache lines.
 */
final class ThreadChannel implements DmaChannel {
    private static final int ROOM = 4096;
    private static final int MASK = ROOM - 1;
    /** Copies after which the copy thread tells of them. */
    private static final int TOLD_AT_ONCE = 8;

    private static final DmaCapabilities CAPABILITIES = new DmaCapabilities(true, ROOM, 1 << 20, false);
    private static final VarHandle INDEX = MethodHandles.arrayElementVarHandle(long[].class);
    /** Places of the indices: two cache lines apart. */
    private static final int GIVEN = 16;

    private static final int DONE = 32;
    private static final int INDEX_ROOM = 48;

    private final CopyThread thread;
    private final long[] source = new long[ROOM];
    private final long[] target = new long[ROOM];
    private final int[] length = new int[ROOM];
    private final long[] opaque = new long[ROOM];
    private final long[] index = new long[INDEX_ROOM];

    // the poll thread's
    private long told;
    private long given;

    ThreadChannel(CopyThread thread) {
        this.thread = thread;
    }

    @Override
    public DmaCapabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public int transferData(CopyBatch batch) {
        int count = (int) Math.min(batch.count(), ROOM - (given - told));
        for (int i = 0; i < count; i++) {
            int at = (int) given++ & MASK;
            source[at] = batch.source(i);
            target[at] = batch.target(i);
            length[at] = batch.length(i);
            opaque[at] = batch.opaque(i);
        }
        // volatile: the copy thread sees the copies, or that it may not sleep
        INDEX.setVolatile(index, GIVEN, given);
        thread.wake();
        return count;
    }

    @Override
    public int checkCompletedCopies(long[] completed) {
        // acquire: pairs with the copy thread's release after its copies
        long done = (long) INDEX.getAcquire(index, DONE);
        int count = (int) Math.min(done - told, completed.length);
        for (int i = 0; i < count; i++) {
            completed[i] = opaque[(int) told++ & MASK];
        }
        return count;
    }

    /** The copy thread: makes the copies that there are. */
    boolean work() {
        // acquire: pairs with the store after the copies were described
        long end = (long) INDEX.getAcquire(index, GIVEN);
        long at = (long) INDEX.get(index, DONE);
        if (at == end) {
            return false;
        }
        while (at < end) {
            int slot = (int) at++ & MASK;
            if (!MemoryCopy.tryCopy(source[slot], target[slot], length[slot])) {
                opaque[slot] = ~opaque[slot];
            }
            if (at == end || (at & TOLD_AT_ONCE - 1) == 0) {
                INDEX.setRelease(index, DONE, at);
            }
        }
        return true;
    }

    @Override
    public void cancel() {
        thread.wake();
        // copies are short, and never wait for anything
        while ((long) INDEX.getAcquire(index, DONE) < given && thread.isAlive()) {
            Thread.onSpinWait();
        }
        told = given;
    }

    @Override
    public void close() {
        cancel();
        thread.close(this);
    }

    @Override
    public String toString() {
        return "thread";
    }
}
