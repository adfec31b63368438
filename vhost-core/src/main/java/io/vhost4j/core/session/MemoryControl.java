// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.MemoryRegion;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.protocol.FrontendRequest.RegionInfo;
import io.vhost4j.core.protocol.ReceivedFd;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The requests about guest memory. Regions are mapped before any ring is paused, and unmapped after all rings have moved off
 * them; so a ring stands still only for the exchange. Changed on the event thread, read from any.
 */
final class MemoryControl {
    /** Most regions of a device. */
    static final int MAX_SLOTS = 509;

    private final RingTable rings;
    private final RingControl ringControl;
    private final PostcopyControl postcopy;
    private volatile GuestMemory memory = GuestMemory.EMPTY;

    MemoryControl(RingTable rings, RingControl ringControl, PostcopyControl postcopy) {
        this.rings = rings;
        this.ringControl = ringControl;
        this.postcopy = postcopy;
    }

    GuestMemory memory() {
        return memory;
    }

    boolean hasRegions() {
        return !memory.regions().isEmpty();
    }

    List<MemoryRegion> table() {
        return memory.regions().stream()
                .map(r -> new MemoryRegion(r.gpa(), r.userAddr(), r.size(), r.mmapOffset()))
                .toList();
    }

    /** Replaces all regions, or none. */
    Reply replaceAll(List<RegionInfo> infos, List<ReceivedFd> fds) {
        List<GuestRegion> mapped = new ArrayList<>(infos.size());
        final GuestMemory next;
        try {
            for (int i = 0; i < infos.size(); i++) {
                mapped.add(map(infos.get(i), fds.get(i)));
            }
            next = GuestMemory.of(mapped);
        } catch (RuntimeException e) {
            mapped.forEach(GuestRegion::release);
            throw e;
        }
        if (postcopy.listening()) {
            postcopy.hold(mapped, () -> replace(next));
            return new Reply.Regions(placed(infos, mapped), true);
        }
        replace(next);
        return Reply.ACK;
    }

    private void replace(GuestMemory next) {
        List<GuestRegion> old = memory.regions();
        exchange(next);
        old.forEach(GuestRegion::release);
    }

    /** What the front-end sent, with where the regions are in this process. */
    private static List<RegionInfo> placed(List<RegionInfo> infos, List<GuestRegion> regions) {
        return IntStream.range(0, infos.size())
                .mapToObj(i -> new RegionInfo(
                        infos.get(i).gpa(),
                        infos.get(i).size(),
                        regions.get(i).hostAddress(),
                        infos.get(i).mmapOffset()))
                .toList();
    }

    Reply add(RegionInfo info, ReceivedFd fd) {
        if (memory.regions().size() >= MAX_SLOTS) {
            throw new RequestRejectedException("ADD_MEM_REG: there are " + MAX_SLOTS + " regions already");
        }
        GuestRegion region = map(info, fd);
        GuestMemory next;
        try {
            next = memory.with(region);
        } catch (RuntimeException e) {
            region.release();
            throw e;
        }
        if (postcopy.listening()) {
            List<GuestRegion> added = List.of(region);
            postcopy.hold(added, () -> exchange(next));
            return new Reply.Regions(placed(List.of(info), added), false);
        }
        exchange(next);
        return Reply.ACK;
    }

    Reply remove(RegionInfo info) {
        for (GuestRegion region : memory.regions()) {
            if (region.matches(info.gpa(), info.userAddr(), info.size())) {
                exchange(memory.without(region));
                region.release();
                return Reply.ACK;
            }
        }
        throw new RequestRejectedException(String.format(
                "REM_MEM_REG: gpa=%#x, size=%#x, user=%#x: no such region", info.gpa(), info.size(), info.userAddr()));
    }

    /** Unmaps everything, after all rings have stopped. */
    void release() {
        postcopy.close();
        replace(GuestMemory.EMPTY);
    }

    private static GuestRegion map(RegionInfo info, ReceivedFd received) {
        try (OwnedFd fd = received.adopt()) {
            return GuestRegion.map(fd, info.gpa(), info.userAddr(), info.size(), info.mmapOffset());
        }
    }

    private void exchange(GuestMemory next) {
        rings.pauseAll();
        try {
            memory = next;
            ringControl.memoryChanged(next);
        } finally {
            rings.resumeAll();
        }
    }
}
