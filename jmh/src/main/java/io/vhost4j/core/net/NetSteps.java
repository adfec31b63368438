// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import io.vhost4j.core.pool.PooledPacket;

/** Opens single steps of the room to benchmarks. */
public final class NetSteps {
    private final QueueGate gate = new QueueGate();
    private final ReceiveOffload offload = new ReceiveOffload(false);
    private final QueueStats stats = new QueueStats();

    /** Enters the gate of a ring; false if somebody else is in. */
    public boolean tryEnter() {
        return gate.tryEnter();
    }

    /** Leaves the gate. */
    public void leave() {
        gate.leave();
    }

    /** Judges a virtio-net header and notes what it asks for; see {@code ReceiveOffload.apply}. */
    public boolean applyHeader(long header, PooledPacket packet) {
        return offload.apply(header, packet);
    }

    /** Counts a packet. */
    public void count(PooledPacket packet) {
        stats.countPacket(packet);
    }
}
