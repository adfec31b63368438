// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.async;

import io.vhost4j.packet.PacketPool;
import java.time.Duration;
import java.util.List;

/**
 * How a ring uses its channel; mirrors {@code rte_vhost_async_features}.
 *
 * @param asyncInorder whether only a channel that completes copies in order is accepted. The ring's buffers go back to the guest in order
 *     in any case
 * @param asyncThreshold bytes; a piece of a packet that is shorter is copied by the CPU at once, since handing it over would take
 *     longer. 0 gives the channel everything
 * @param timeout how long a copy may take until the channel counts as broken and the CPU does its work
 * @param checkOwnership whether a packet that the application frees while it is in flight makes the poll that finds it throw; without, it is
 *     only counted. Neither does harm: the library keeps its own reference
 * @param pools whose packets the channel reaches, if it {@linkplain DmaCapabilities#needsMapping needs to be told}; other packets are copied
 *     by the CPU
 */
public record AsyncFeatures(
        boolean asyncInorder, int asyncThreshold, Duration timeout, boolean checkOwnership, List<PacketPool> pools) {
    /** Any channel, pieces from 256 bytes on, one second, no check, no pools. */
    public static final AsyncFeatures DEFAULT = new AsyncFeatures(false, 256, Duration.ofSeconds(1), false, List.of());

    /** Checks the numbers. */
    public AsyncFeatures {
        if (asyncThreshold < 0 || timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("asyncThreshold=" + asyncThreshold + ", timeout=" + timeout
                    + ": must be at least 0 bytes, and longer than 0");
        }
        pools = List.copyOf(pools);
    }

    /** The same with another {@link #asyncInorder}. */
    public AsyncFeatures withInorder(boolean value) {
        return new AsyncFeatures(value, asyncThreshold, timeout, checkOwnership, pools);
    }

    /** The same with another {@link #asyncThreshold}. */
    public AsyncFeatures withThreshold(int bytes) {
        return new AsyncFeatures(asyncInorder, bytes, timeout, checkOwnership, pools);
    }

    /** The same with another {@link #timeout}. */
    public AsyncFeatures withTimeout(Duration value) {
        return new AsyncFeatures(asyncInorder, asyncThreshold, value, checkOwnership, pools);
    }

    /** The same with another {@link #checkOwnership}. */
    public AsyncFeatures withOwnershipCheck(boolean value) {
        return new AsyncFeatures(asyncInorder, asyncThreshold, timeout, value, pools);
    }

    /** The same with other {@link #pools}. */
    public AsyncFeatures withPools(PacketPool... used) {
        return new AsyncFeatures(asyncInorder, asyncThreshold, timeout, checkOwnership, List.of(used));
    }
}
