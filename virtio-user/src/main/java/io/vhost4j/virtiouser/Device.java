// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.pool.BufferPool;
import org.jspecify.annotations.Nullable;

/** The device over all its connections: memory, queue pairs, and what was negotiated first. One thread at a time changes it. */
final class Device {
    private final DeviceWish wish;
    private final BufferPool pool;
    private final RingMemory memory;
    private QueuePair[] pairs = {};
    private long features;
    private @Nullable InflightBuffer inflight;
    /** Whether all rings were started over the connection before, and so can go on over the next. */
    private boolean laidOut;

    private volatile boolean keptRings;
    private volatile boolean running;

    Device(DeviceWish wish, BufferPool pool) {
        this.wish = wish;
        this.pool = pool;
        memory = RingMemory.create(wish, VirtioFeature.RING_INDIRECT_DESC.in(wish.wanted()));
    }

    /** Brings the device up on a new connection. Returns what takes it down again. */
    DeviceSetup start(FrontendConnection connection) {
        DeviceSetup setup;
        if (pairs.length == 0) {
            setup = new DeviceSetup(connection, wish);
            features = setup.negotiate();
            createPairs();
        } else {
            // rings and packets in flight are laid out for the features agreed on first
            long fixed = features & ~VirtioFeature.PROTOCOL_FEATURES.mask();
            setup = new DeviceSetup(connection, wish.withFeatures(fixed, 0));
            setup.negotiate();
        }
        setup.shareMemory(pool, memory);
        try {
            startRings(setup);
        } catch (RefusedException e) {
            // perhaps because of what the rings or the buffer hold: the next time they start anew
            laidOut = false;
            throw e;
        }
        for (QueuePair pair : pairs) {
            pair.open();
        }
        running = true;
        return setup;
    }

    private void startRings(DeviceSetup setup) {
        boolean settled = settle();
        boolean goOn = giveInflight(setup, laidOut && settled);
        keptRings = goOn;
        laidOut = goOn;
        for (QueuePair pair : pairs) {
            pair.start(setup, goOn);
        }
        laidOut = true;
        setup.enableRings();
    }

    /** Takes what the back-end before gave back. Returns whether the rings are sound, and the buffer is of them. */
    private boolean settle() {
        boolean sound = true;
        InflightBuffer buffer = inflight;
        for (int i = 0; i < pairs.length; i++) {
            boolean pairSound = pairs[i].settle();
            boolean known = buffer != null
                    && (!wish.packed()
                            || buffer.knowsPacked(2 * i, pairs[i].rxPosition())
                                    && buffer.knowsPacked(2 * i + 1, pairs[i].txPosition()));
            sound &= pairSound && known;
        }
        return sound;
    }

    /**
     * Gives the in-flight buffer to the back-end: the one before, or if that is of no use a fresh one, or none to a back-end without
     * use for it. Returns whether the rings go on as they are.
     */
    private boolean giveInflight(DeviceSetup setup, boolean same) {
        InflightBuffer buffer = inflight;
        if (buffer != null && same && setup.tracksInflight()) {
            buffer.give(setup.connection());
            return true;
        }
        dropInflight();
        if (setup.tracksInflight()) {
            InflightBuffer fresh = InflightBuffer.request(setup.connection(), 2 * wish.pairs(), wish.size());
            inflight = fresh;
            fresh.give(setup.connection());
        }
        return false;
    }

    private void dropInflight() {
        InflightBuffer buffer = inflight;
        if (buffer != null) {
            inflight = null;
            buffer.close();
        }
    }

    private void createPairs() {
        RingOptions options = RingOptions.of(features);
        QueuePair[] made = new QueuePair[wish.pairs()];
        int done = 0;
        try {
            while (done < made.length) {
                made[done] = new QueuePair(done, memory, options, pool, wish.interrupts());
                done++;
            }
        } catch (RuntimeException e) {
            while (done > 0) {
                made[--done].close();
            }
            throw e;
        }
        pairs = made;
    }

    /** Keeps bursts out. */
    void pause() {
        running = false;
        for (QueuePair pair : pairs) {
            pair.pause();
        }
    }

    /** Whether the rings went on as they were when the back-end connected. Any thread. */
    boolean keptRings() {
        return keptRings;
    }

    boolean running() {
        return running;
    }

    long features() {
        return features;
    }

    DeviceWish wish() {
        return wish;
    }

    /** A queue pair. */
    QueuePair pair(int index) {
        if (index < 0 || index >= pairs.length) {
            throw new IllegalArgumentException(
                    "queue pair " + index + ": the device has pairs 0 to " + (pairs.length - 1));
        }
        return pairs[index];
    }

    BufferPool pool() {
        return pool;
    }

    /**
     * Frees all packets of the rings, the rings, and the pool. No back-end is connected.
     *
     * @throws VhostException if the application still has packets; the pool then stays open
     */
    void close() {
        pause();
        for (QueuePair pair : pairs) {
            pair.close();
        }
        memory.close();
        dropInflight();
        try {
            pool.close();
        } catch (IllegalStateException e) {
            throw new VhostException(
                    "virtio-user is closed but not its pool: free the packets and close the pool: " + e.getMessage(),
                    e);
        }
    }
}
