// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostDriver;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.packet.PacketPool;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
@Timeout(60)
class WarmUpTest {
    /** Enough for each ring to wrap and for bursts of all lengths. */
    private static final int TURNS = 64;
    /** Each ring notifies once whenever it has started: one turn in eight. */
    private static final int STARTS = 2 * (1 + TURNS / 8);

    @Test
    void shouldMovePacketsOfEveryShape() {
        List<WarmUpShape> shapes = Stream.concat(WarmUpShape.common().stream(), WarmUpShape.rare().stream())
                .toList();
        try (OwnedFd file = MemFd.create("warm-up-test", WarmUpLane.BYTES);
                EventFd call = EventFd.create();
                BufferPool pool = new BufferPool(PacketPool.builder().count(256).cacheSize(0))) {
            GuestRegion region = GuestRegion.map(file, 0, 0, WarmUpLane.BYTES, 0);
            try {
                for (WarmUpShape shape : shapes) {
                    WarmUpLane lane = new WarmUpLane(shape, pool, region, 0, call);
                    lane.taste();
                    for (int turn = 0; turn < TURNS; turn++) {
                        lane.round(turn); // throws if a packet is lost
                    }
                    assertEquals(0, pool.inUse(), shape.toString());
                    assertEquals(shape.notifies(), call.drain() > STARTS, shape + ": notified");
                }
            } finally {
                region.release();
            }
        }
    }

    @Test
    void shouldTakeItsTimeOnlyOnce() {
        VhostDriver.warmUp();
        long start = System.nanoTime();
        for (int i = 0; i < 1000; i++) {
            VhostDriver.warmUp();
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        assertTrue(millis < 1000, "a thousand warm-ups after the first took " + millis + " ms");
    }
}
