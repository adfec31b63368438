// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.async.DmaChannel;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.packet.PacketPool;
import java.util.ArrayList;
import java.util.List;

/** What a channel was told that it may be asked to reach. For channels that need no telling, nothing. */
final class ChannelMemory {
    private final DmaChannel channel;
    private final List<BufferPool> pools = new ArrayList<>();
    private final List<BufferPool> mappedPools = new ArrayList<>();
    private final List<GuestRegion> regions = new ArrayList<>();
    private final boolean needed;

    ChannelMemory(DmaChannel channel, List<PacketPool> pools) {
        this.channel = channel;
        needed = channel.capabilities().needsMapping();
        pools.forEach(pool -> this.pools.add((BufferPool) pool));
    }

    /** Maps the pools, all or none. */
    void addPools() {
        if (!needed) {
            return;
        }
        try {
            for (BufferPool pool : pools) {
                channel.mapMemory(pool.baseAddress(), pool.lengthBytes());
                mappedPools.add(pool);
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Unmaps regions that a guest does not have any more, and maps those that it did not have; all unmapped if that fails. */
    void moveTo(GuestMemory guest) {
        if (!needed) {
            return;
        }
        List<GuestRegion> next = guest.regions();
        for (GuestRegion region : List.copyOf(regions)) {
            if (!next.contains(region)) {
                unmap(region);
            }
        }
        try {
            for (GuestRegion region : next) {
                if (!regions.contains(region)) {
                    channel.mapMemory(region.hostAddress(), region.size());
                    regions.add(region);
                }
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void unmap(GuestRegion region) {
        regions.remove(region);
        channel.unmapMemory(region.hostAddress(), region.size());
    }

    void close() {
        List.copyOf(regions).forEach(this::unmap);
        List.copyOf(mappedPools).forEach(pool -> {
            mappedPools.remove(pool);
            channel.unmapMemory(pool.baseAddress(), pool.lengthBytes());
        });
    }
}
