// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vfio;

import io.vhost4j.VhostException;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a device can reach on behalf of one guest: all is mapped, or nothing. */
public final class DmaMappings implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DmaMappings.class);
    private static final long GIB = 1L << 30;
    private static final long IN_PAGE = 0xfff;
    private static final long LOWEST = 4 * GIB;

    private final VfioContainer container;
    private final Deque<Piece> mapped = new ArrayDeque<>();
    private long firstFree = LOWEST;
    private long nextFree = LOWEST;
    private int own;

    private record Piece(long iova, long bytes) {}

    /** Nothing yet. */
    public DmaMappings(VfioContainer container) {
        this.container = container;
    }

    /**
     * Maps a guest's memory, each region as a whole, at its guest physical address.
     *
     * @throws VhostException if a region cannot be; then none is
     */
    public void mapGuest(GuestMemory memory) {
        try {
            for (GuestRegion region : memory.regions()) {
                map(region.hostAddress(), region.gpa(), region.size());
                long end = region.gpa() + region.size();
                firstFree = Math.max(firstFree, (end + GIB - 1) & -GIB);
            }
            nextFree = firstFree;
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Maps memory of this process behind the guest's.
     *
     * @return where the device sees it
     */
    public long mapOwn(long hostAddress, long bytes) {
        long iova = nextFree + (hostAddress & IN_PAGE);
        map(hostAddress, iova, bytes);
        nextFree = (iova + bytes + GIB - 1) & -GIB;
        own++;
        return iova;
    }

    private void map(long hostAddress, long iova, long bytes) {
        container.map(hostAddress, iova, bytes);
        mapped.push(new Piece(iova, bytes));
    }

    /** Undoes {@link #mapOwn}. */
    public void unmapOwn(long iova) {
        mapped.stream().filter(piece -> piece.iova() == iova).findFirst().ifPresent(piece -> {
            mapped.remove(piece);
            unmap(piece);
            own--;
            nextFree = own == 0 ? firstFree : nextFree;
        });
    }

    private void unmap(Piece piece) {
        try {
            container.unmap(piece.iova(), piece.bytes());
        } catch (VhostException e) {
            LOG.warn("{}", e.getMessage());
        }
    }

    /** Whether a guest's memory is mapped. */
    public boolean hasGuest() {
        return mapped.size() > own;
    }

    /** Unmaps all. */
    @Override
    public void close() {
        own = 0;
        while (!mapped.isEmpty()) {
            unmap(mapped.pop());
        }
    }
}
