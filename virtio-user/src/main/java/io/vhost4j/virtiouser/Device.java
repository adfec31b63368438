// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.pool.BufferPool;

/** The device over all its connections: memory, queue pairs, and what was negotiated first. One thread at a time changes it. */
final class Device {
    private final DeviceWish wish;
    private final BufferPool pool;
    private final RingMemory memory;
    private QueuePair[] pairs = {};
    private long features;
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
            setup = new DeviceSetup(
                    connection,
                    new DeviceWish(wish.pairs(), wish.size(), wish.packed(), wish.interrupts(), fixed, 0, wish.mtu()));
            setup.negotiate();
        }
        setup.shareMemory(pool, memory);
        for (QueuePair pair : pairs) {
            pair.start(setup);
        }
        setup.enableRings();
        for (QueuePair pair : pairs) {
            pair.open();
        }
        running = true;
        return setup;
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
        try {
            pool.close();
        } catch (IllegalStateException e) {
            throw new VhostException(
                    "virtio-user is closed but not its pool: free the packets and close the pool: " + e.getMessage(),
                    e);
        }
    }
}
