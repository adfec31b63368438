// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.CopyBatch;
import io.vhost4j.async.DmaCapabilities;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.net.QueueStats.Counter;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.PacketFlags;
import io.vhost4j.packet.PacketPool;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A ring's copies that a channel has, in a circle. Every copy that was begun ends: when the channel says so, and otherwise by the CPU. A
 * channel is believed only what can be: a copy that it has, and each once. Used inside the gate.
 *
 * <p>A copy is known to the channel by its position, which is free-running, so that one told of too late or twice is recognized.
 */
final class CopyTable implements CopyBatch {
    private static final int COPIES = 4096;
    private static final int MASK = COPIES - 1;
    private static final int TOLD_AT_ONCE = 64;

    private final DmaChannel channel;
    private final DmaCapabilities can;
    private final int threshold;
    private final long timeoutNanos;
    private final PacketPool[] pools;
    private final Flights flights;
    private final QueueStats stats;

    private final long[] source = new long[COPIES];
    private final long[] target = new long[COPIES];
    private final int[] length = new int[COPIES];
    private final int[] flight = new int[COPIES];
    private final long[] since = new long[COPIES];
    private final boolean[] pending = new boolean[COPIES];
    private final long[] told = new long[TOLD_AT_ONCE];

    /** Free-running: the first copy that may be pending, the first that the channel does not have, and the next. */
    private long head;

    private long given;
    private long tail;
    /** How many the channel has. */
    private int outstanding;

    private int viewCount;
    private boolean givenUp;
    private @Nullable String failure;

    CopyTable(DmaChannel channel, AsyncFeatures features, Flights flights, QueueStats stats) {
        this.channel = channel;
        this.can = channel.capabilities();
        this.threshold = features.asyncThreshold();
        this.timeoutNanos = features.timeout().toNanos();
        this.pools = features.pools().toArray(PacketPool[]::new);
        this.flights = flights;
        this.stats = stats;
    }

    @Override
    public int count() {
        return viewCount;
    }

    @Override
    public long source(int index) {
        return source[(int) (given + index) & MASK];
    }

    @Override
    public long target(int index) {
        return target[(int) (given + index) & MASK];
    }

    @Override
    public int length(int index) {
        return length[(int) (given + index) & MASK];
    }

    @Override
    public long opaque(int index) {
        return given + index;
    }

    /** Why the channel is not used any more, once; null if it is, or this was asked before. */
    @Nullable
    String takeFailure() {
        String why = failure;
        failure = null;
        return why;
    }

    /** Copies that the channel has. */
    int outstanding() {
        return outstanding;
    }

    /** Whether the channel can get at the packet's own buffer. */
    @SuppressWarnings("ReferenceEquality") // this very pool
    boolean reaches(PooledPacket packet) {
        if (!can.needsMapping()) {
            return true;
        }
        if ((packet.olFlags() & PacketFlags.EXTERNAL) != 0) {
            return false;
        }
        for (PacketPool pool : pools) {
            if (pool == packet.pool()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Copies, or notes a copy for the channel.
     *
     * @param slot the entry of {@link Flights} that waits for it
     * @param reached whether the channel can get at the memory
     */
    void copy(long from, long to, int bytes, int slot, boolean reached) {
        if (bytes < threshold || bytes == 0) {
            HostWindow.copy(from, to, bytes);
            return;
        }
        int done = 0;
        while (done < bytes && reached && !givenUp && tail - head < COPIES) {
            int piece = Math.min(bytes - done, can.maxLength());
            int at = (int) tail++ & MASK;
            source[at] = from + done;
            target[at] = to + done;
            length[at] = piece;
            flight[at] = slot;
            pending[at] = true;
            flights.copyBegins(slot);
            done += piece;
        }
        if (done < bytes) {
            stats.add(Counter.ASYNC_CPU_COPIES, 1);
            HostWindow.copy(from + done, to + done, bytes - done);
        }
    }

    /** Gives the channel what was noted; the CPU copies what it does not take. */
    void submit() {
        if (given == tail) {
            return;
        }
        long now = System.nanoTime();
        while (given < tail) {
            viewCount = (int) Math.min(tail - given, can.maxBurst());
            int taken;
            try {
                taken = channel.transferData(this);
            } catch (RuntimeException | Error e) {
                giveUp("transferData threw " + e);
                return;
            }
            if (taken < 0 || taken > viewCount) {
                giveUp("transferData took " + taken + " of " + viewCount + " copies");
                return;
            }
            for (int i = 0; i < taken; i++) {
                since[(int) given++ & MASK] = now;
            }
            outstanding += taken;
            if (taken < viewCount) {
                finishByCpu();
            }
        }
    }

    /** Copies what the channel does not have. */
    private void finishByCpu() {
        while (given < tail) {
            outstanding++;
            copyByCpu((int) given++ & MASK);
        }
    }

    private void copyByCpu(int at) {
        stats.add(Counter.ASYNC_CPU_COPIES, 1);
        HostWindow.copy(source[at], target[at], length[at]);
        end(at);
    }

    private void end(int at) {
        pending[at] = false;
        outstanding--;
        flights.copyEnds(flight[at]);
    }

    /** Sees which copies have ended; gives the channel up if one takes too long. */
    void poll() {
        if (outstanding == 0) {
            head = given;
            return;
        }
        int most = outstanding;
        int count = TOLD_AT_ONCE;
        for (int seen = 0; seen < most && count == TOLD_AT_ONCE; seen += count) {
            try {
                count = channel.checkCompletedCopies(told);
            } catch (RuntimeException | Error e) {
                giveUp("checkCompletedCopies threw " + e);
                return;
            }
            if (count < 0 || count > TOLD_AT_ONCE) {
                giveUp("checkCompletedCopies told of " + count + " copies, with room for " + TOLD_AT_ONCE);
                return;
            }
            for (int i = 0; i < count; i++) {
                told(told[i]);
            }
        }
        while (head < given && !pending[(int) head & MASK]) {
            head++;
        }
        if (head < given && System.nanoTime() - since[(int) head & MASK] > timeoutNanos) {
            giveUp(String.format(
                    Locale.ROOT,
                    "a copy of %d bytes has not ended within %d ms",
                    length[(int) head & MASK],
                    timeoutNanos / 1_000_000));
        }
    }

    private void told(long value) {
        boolean good = value >= 0;
        long position = good ? value : ~value;
        int at = (int) position & MASK;
        if (position < head || position >= given || !pending[at]) {
            // told of before, cancelled, or never given
            stats.add(Counter.ASYNC_CHANNEL_FAULTS, 1);
        } else if (good) {
            end(at);
        } else {
            stats.add(Counter.ASYNC_CHANNEL_FAULTS, 1);
            copyByCpu(at);
        }
    }

    /** The channel is not used any more, and the CPU does what it has. */
    void giveUp(String why) {
        givenUp = true;
        stats.add(Counter.ASYNC_CHANNEL_FAULTS, 1);
        failure = cancel(why);
        for (long i = head; i < given; i++) {
            if (pending[(int) i & MASK]) {
                copyByCpu((int) i & MASK);
            }
        }
        finishByCpu();
        head = given;
    }

    private String cancel(String why) {
        try {
            channel.cancel();
            return why;
        } catch (RuntimeException | Error e) {
            return why + "; cancel threw " + e;
        }
    }

    /** Ends all copies without doing them: memory is gone. */
    void discard() {
        if (outstanding > 0) {
            String thrown = cancel("");
            if (!thrown.isEmpty()) {
                givenUp = true;
                failure = thrown;
            }
        }
        for (long i = head; i < tail; i++) {
            if (pending[(int) i & MASK]) {
                pending[(int) i & MASK] = false;
                flights.copyEnds(flight[(int) i & MASK]);
            }
        }
        outstanding = 0;
        given = tail;
        head = tail;
    }

    /** Waits until all copies have ended; the channel is given up if that takes too long. */
    void drain() {
        submit();
        while (outstanding > 0) {
            poll();
            Thread.onSpinWait();
        }
    }
}
