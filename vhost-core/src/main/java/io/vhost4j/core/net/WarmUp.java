// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.packet.PacketPool;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Has the virtual machine compile the data path before there is a guest: packets go through queues like those of devices, in memory of
 * their own. Without that, idle polling teaches the compiler that there are no packets, and the first ones find code that was compiled for none.
 *
 * <p>What the compiler learns here stays: code that was compiled is not compiled again because the traffic is simpler. So it gets to see
 * what makes up nearly all traffic, packets in one buffer each, in bursts of all lengths. Chains, tables and offloads come only so often that their
 * classes are loaded, and too early to be noted: with them in its profile the compiler makes code that is slower for every packet
 * (docs/perf/steps.md has the figures). When a guest has them, the code is compiled anew, once.
 */
public final class WarmUp {
    /** C2 needs as long for the loops of both directions and both kinds of ring. */
    private static final int DEFAULT_MILLIS = 300;

    /** Of the time, one part in so many goes to polls that find nothing. */
    private static final int IDLE_SHARE = 8;

    private static final int POLLS = 100;
    private static final int BUFFERS = 512;

    private static final Object LOCK = new Object();
    private static boolean done; // guarded by LOCK

    private WarmUp() {}

    /** See {@link io.vhost4j.VhostDriver#warmUp}. */
    public static void run() {
        synchronized (LOCK) {
            int millis = Integer.getInteger("vhost4j.warmUpMillis", DEFAULT_MILLIS);
            if (!done && millis > 0) {
                runOnce(TimeUnit.MILLISECONDS.toNanos(millis));
            }
            done = true;
        }
    }

    private static void runOnce(long nanos) {
        List<WarmUpShape> rare = WarmUpShape.rare();
        List<WarmUpShape> common = WarmUpShape.common();
        long bytes = (rare.size() + common.size()) * WarmUpLane.BYTES;
        try (OwnedFd file = MemFd.create("vhost4j-warm-up", bytes);
                EventFd counter = EventFd.create();
                EventFd call = EventFd.adopt(FileCalls.dup(counter.fd()));
                BufferPool pool = new BufferPool(PacketPool.builder().count(BUFFERS))) {
            GuestRegion region = GuestRegion.map(file, 0, 0, bytes, 0);
            try {
                long offset = 0;
                for (WarmUpShape shape : rare) {
                    new WarmUpLane(shape, pool, region, offset, call).taste();
                    offset += WarmUpLane.BYTES;
                }
                List<WarmUpLane> lanes = new ArrayList<>();
                for (WarmUpShape shape : common) {
                    lanes.add(new WarmUpLane(shape, pool, region, offset, call));
                    offset += WarmUpLane.BYTES;
                }
                exercise(lanes, nanos);
            } finally {
                region.release();
            }
        } catch (NativeException e) {
            throw new VhostException("warming up: " + e.getMessage(), e);
        }
    }

    private static void exercise(List<WarmUpLane> lanes, long nanos) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < nanos / IDLE_SHARE) {
            for (WarmUpLane lane : lanes) {
                for (int i = 0; i < POLLS; i++) {
                    lane.poll();
                }
            }
        }
        for (int turn = 0; System.nanoTime() - start < nanos; turn++) {
            for (WarmUpLane lane : lanes) {
                lane.round(turn);
            }
        }
    }
}
