// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

import io.vhost4j.examples.cli.CommandFailure;
import io.vhost4j.examples.cli.Idle;
import io.vhost4j.examples.cli.StopSignal;
import io.vhost4j.virtiouser.VirtioUser;
import java.util.concurrent.TimeUnit;

/**
 * What all workers need: the device, the number of packets, the end, and the test whether it is still worth waiting.
 */
final class Traffic {
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final VirtioUser device;
    private final StopSignal stop;
    private final boolean waitsForBackend;
    private final long count;
    private final Idle idle = new Idle();

    /**
     * Traffic of {@code count} packets in all.
     *
     * @param waitsForBackend whether a back-end that went away may come again
     */
    Traffic(VirtioUser device, StopSignal stop, boolean waitsForBackend, long count) {
        this.device = device;
        this.stop = stop;
        this.waitsForBackend = waitsForBackend;
        this.count = count;
    }

    VirtioUser device() {
        return device;
    }

    boolean isEnding() {
        return stop.isRequested();
    }

    /** How many packets queue pair {@code pair} is to carry. */
    long share(int pair) {
        return share(count, device.queuePairs(), pair);
    }

    /** How many of {@code count} packets, {@link Long#MAX_VALUE} for no limit, number {@code index} of {@code parts} is to carry. */
    static long share(long count, int parts, int index) {
        return count == Long.MAX_VALUE ? count : count / parts + (index < count % parts ? 1 : 0);
    }

    /** Packets in all. */
    long count() {
        return count;
    }

    /** Notes whether a round moved packets; pauses if not. */
    void round(int work) {
        if (work > 0) {
            idle.busy();
            return;
        }
        if (!waitsForBackend && !device.connected()) {
            throw new CommandFailure("the back-end closed the connection");
        }
        idle.pause();
    }

    /** Whether nothing moved for so long that nothing more is to be expected. */
    boolean isQuiet() {
        return idle.nanos() > QUIET_NANOS;
    }

    /** Waits, for a bounded time, until the back-end gave all sent packets back; returns how many it did not. */
    long settle() {
        idle.busy();
        long left = inFlight();
        while (left > 0 && !isQuiet() && device.connected()) {
            long now = inFlight();
            round((int) Math.min(Integer.MAX_VALUE, left - now));
            left = now;
        }
        return left;
    }

    private long inFlight() {
        long sum = 0;
        for (int pair = 0; pair < device.queuePairs(); pair++) {
            sum += device.reclaim(pair);
        }
        return sum;
    }
}
