// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.async.DmaChannel;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.packet.PacketPool;
import java.util.ArrayList;
import java.util.List;

/** What a channel was told that it may be asked to reach. For channels that need no telling, nothing. Any thread. */
final class ChannelMemory {
    private final DmaChannel channel;
    private final List<BufferPool> pools = new ArrayList<>();
    private final List<BufferPool> mappedPools = new ArrayList<>();
    private final List<GuestRegion> regions = new ArrayList<>();
    private final boolean needed;
    private boolean closed;

    ChannelMemory(DmaChannel channel, List<PacketPool> pools) {
        this.channel = channel;
        needed = channel.capabilities().needsMapping();
        pools.forEach(pool -> this.pools.add((BufferPool) pool));
    }

    /** Maps the pools and a guest's regions; nothing is mapped if that fails. While no copy is under way. */
    synchronized void begin(GuestMemory guest) {
        try {
            for (BufferPool pool : needed ? pools : List.<BufferPool>of()) {
                channel.mapMemory(pool.baseAddress(), pool.lengthBytes());
                mappedPools.add(pool);
            }
            add(guest);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Maps regions that a guest did not have; what is mapped stays so if that fails. */
    synchronized void add(GuestMemory guest) {
        if (!needed || closed) {
            return;
        }
        for (GuestRegion region : guest.regions()) {
            if (!regions.contains(region)) {
                channel.mapMemory(region.hostAddress(), region.size());
                regions.add(region);
            }
        }
    }

    /**
     * Unmaps regions that a guest does not have any more, and {@linkplain #add adds} those that it did not have. Nothing is mapped any more
     * if that fails. While no copy is under way.
     */
    synchronized void moveTo(GuestMemory guest) {
        List<GuestRegion> next = guest.regions();
        try {
            for (GuestRegion region : List.copyOf(regions)) {
                if (!next.contains(region)) {
                    unmap(region);
                }
            }
            add(guest);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void unmap(GuestRegion region) {
        regions.remove(region);
        channel.unmapMemory(region.hostAddress(), region.size());
    }

    /** Unmaps all. While no copy is under way. */
    synchronized void close() {
        closed = true;
        while (!regions.isEmpty()) {
            unmap(regions.getLast());
        }
        while (!mappedPools.isEmpty()) {
            BufferPool pool = mappedPools.removeLast();
            channel.unmapMemory(pool.baseAddress(), pool.lengthBytes());
        }
    }
}
