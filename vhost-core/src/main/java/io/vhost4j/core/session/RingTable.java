// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.core.net.NetOptions;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.net.QueueListener;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rings that the front-end has named. Changed on the event thread, read from any. */
final class RingTable {
    private final QueueListener listener;
    private final NetOptions options;
    private final boolean chains;
    private final int limit;

    /** Replaced, never changed. */
    private volatile RingState[] rings = new RingState[0];

    /** The queues of {@link #rings}, for burst calls. */
    private volatile NetQueue[] queues = new NetQueue[0];

    /** Whether a ring is enabled from the start; see SET_FEATURES. */
    private boolean enabledAtFirst;

    /** Whether the device runs. */
    private boolean active;

    RingTable(QueueListener listener, NetOptions options, DeviceKind kind, int limit) {
        this.listener = listener;
        this.options = options;
        chains = kind == DeviceKind.CHAINS;
        this.limit = limit;
    }

    /** The ring with this number, made, as all below it, at first use. */
    RingState ring(long index) {
        if (index < 0 || index >= limit) {
            throw new RequestRejectedException(
                    "ring " + index + ": the device has " + limit + " rings, counted from 0");
        }
        int number = (int) index;
        RingState[] current = rings;
        if (number >= current.length) {
            RingState[] next = Arrays.copyOf(current, number + 1);
            for (int i = current.length; i < next.length; i++) {
                next[i] = new RingState(i, new NetQueue(i, listener, options, chains));
                next[i].setEnabled(enabledAtFirst);
                next[i].setActive(active);
            }
            rings = next;
            queues = Arrays.stream(next).map(ring -> ring.queue).toArray(NetQueue[]::new);
            current = next;
        }
        return current[number];
    }

    /** Without protocol features, rings that exist and rings to come are enabled. */
    void enableAll() {
        enabledAtFirst = true;
        for (RingState ring : rings) {
            ring.setEnabled(true);
        }
    }

    /** With protocol features, rings to come wait for SET_VRING_ENABLE. */
    void enableOnRequest() {
        enabledAtFirst = false;
    }

    void disableAll() {
        enabledAtFirst = false;
        for (RingState ring : rings) {
            ring.setEnabled(false);
        }
    }

    /** Lets burst calls move packets, or not. */
    void setActive(boolean value) {
        active = value;
        for (RingState ring : rings) {
            ring.setActive(value);
        }
    }

    /** All rings, in order. */
    List<RingState> all() {
        return List.of(rings);
    }

    int count() {
        return rings.length;
    }

    /** The ring with this number, for applications. */
    RingState existing(int index) {
        RingState[] current = rings;
        if (index < 0 || index >= current.length) {
            throw new IndexOutOfBoundsException(
                    "queueId=" + index + ": the front-end has named " + current.length + " rings so far");
        }
        return current[index];
    }

    /** The queue of the ring with this number, for burst calls; null if the front-end has not named it. */
    @Nullable
    NetQueue queueOrNull(int index) {
        NetQueue[] current = queues;
        return index >= 0 && index < current.length ? current[index] : null;
    }

    boolean isReady(int index) {
        RingState[] current = rings;
        return index < current.length && current[index].ready();
    }

    boolean anyStarted() {
        for (RingState ring : rings) {
            if (ring.queue.started()) {
                return true;
            }
        }
        return false;
    }

    /** File descriptors that are kept for all rings. */
    int heldFds() {
        int count = 0;
        for (RingState ring : rings) {
            count += ring.heldFds();
        }
        return count;
    }

    /** Waits until no burst call is in any ring, and keeps them out. */
    void pauseAll() {
        for (RingState ring : rings) {
            ring.queue.pause();
        }
    }

    void resumeAll() {
        for (RingState ring : rings) {
            ring.queue.resume();
        }
    }
}
