// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ConnectionLimits;
import io.vhost4j.MemoryRegion;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.core.linux.FileStatus;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.protocol.FrontendRequest.RegionInfo;
import io.vhost4j.core.protocol.LimitExceededException;
import io.vhost4j.core.protocol.ReceivedFd;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The requests about guest memory. Regions are mapped before any ring is paused, and unmapped after all rings have moved off
 * them; so a ring stands still only for the exchange. Changed on the event thread, read from any.
 */
final class MemoryControl {
    private final RingTable rings;
    private final RingControl ringControl;
    private final PostcopyControl postcopy;
    private final ConnectionLimits limits;
    private final Negotiation agreed;
    private volatile GuestMemory memory = GuestMemory.EMPTY;

    /** The regions of {@link #memory}; event thread only. */
    private List<Slot> slots = new ArrayList<>();

    /**
     * A region and where it is from. Some front-ends (QEMU 7.2) add a region once for each queue pair, and remove it as
     * often: it stays until the last.
     */
    private static final class Slot {
        final GuestRegion region;
        final long device;
        final long inode;
        int uses = 1;

        Slot(GuestRegion region, FileStatus file) {
            this.region = region;
            this.device = file.device();
            this.inode = file.inode();
        }

        boolean is(RegionInfo info, FileStatus file) {
            return matches(info)
                    && region.mmapOffset() == info.mmapOffset()
                    && device == file.device()
                    && inode == file.inode();
        }

        boolean matches(RegionInfo info) {
            return region.matches(info.gpa(), info.userAddr(), info.size());
        }
    }

    MemoryControl(
            RingTable rings,
            RingControl ringControl,
            PostcopyControl postcopy,
            ConnectionLimits limits,
            Negotiation agreed) {
        this.rings = rings;
        this.ringControl = ringControl;
        this.postcopy = postcopy;
        this.limits = limits;
        this.agreed = agreed;
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
    Reply replaceAll(List<RegionInfo> given, List<ReceivedFd> fds) {
        List<RegionInfo> infos = given.stream().map(this::addressed).toList();
        postcopy.requireNoneHeld("SET_MEM_TABLE");
        checkSize("SET_MEM_TABLE", 0, infos);
        List<Slot> mapped = new ArrayList<>(infos.size());
        final GuestMemory next;
        try {
            for (int i = 0; i < infos.size(); i++) {
                try (OwnedFd fd = fds.get(i).adopt()) {
                    mapped.add(map(infos.get(i), fd, FileStatus.of(fd.fd())));
                }
            }
            next = GuestMemory.of(regionsOf(mapped));
        } catch (RuntimeException e) {
            regionsOf(mapped).forEach(GuestRegion::release);
            throw e;
        }
        if (postcopy.listening()) {
            postcopy.hold(regionsOf(mapped), () -> replace(mapped, next));
            return new Reply.Regions(placed(infos, regionsOf(mapped)), true);
        }
        replace(mapped, next);
        return Reply.ACK;
    }

    private void replace(List<Slot> nextSlots, GuestMemory next) {
        List<Slot> old = slots;
        slots = nextSlots;
        exchange(next);
        regionsOf(old).forEach(GuestRegion::release);
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

    Reply add(RegionInfo given, ReceivedFd received) {
        RegionInfo info = addressed(given);
        postcopy.requireNoneHeld("ADD_MEM_REG");
        try (OwnedFd fd = received.adopt()) {
            FileStatus file = FileStatus.of(fd.fd());
            for (Slot slot : slots) {
                if (slot.is(info, file)) {
                    return held(info, slot.region, List.of(), () -> slot.uses++);
                }
            }
            if (slots.size() >= limits.memoryRegions()) {
                throw new LimitExceededException("ADD_MEM_REG: there are " + slots.size() + " regions already");
            }
            checkSize(
                    "ADD_MEM_REG",
                    slots.stream().mapToLong(slot -> slot.region.size()).sum(),
                    List.of(info));
            Slot slot = map(info, fd, file);
            GuestMemory next;
            try {
                next = memory.with(slot.region);
            } catch (RuntimeException e) {
                slot.region.release();
                throw e;
            }
            return held(info, slot.region, List.of(slot.region), () -> {
                slots.add(slot);
                exchange(next);
            });
        }
    }

    /** Takes a region into use: at once, or in post-copy when the front-end knows where it is. */
    private Reply held(RegionInfo info, GuestRegion region, List<GuestRegion> fresh, Runnable use) {
        if (postcopy.listening()) {
            postcopy.hold(fresh, use);
            return new Reply.Regions(placed(List.of(info), List.of(region)), false);
        }
        use.run();
        return Reply.ACK;
    }

    Reply remove(RegionInfo given) {
        RegionInfo info = addressed(given);
        postcopy.requireNoneHeld("REM_MEM_REG");
        Slot slot = slots.stream()
                .filter(s -> s.matches(info))
                .findFirst()
                .orElseThrow(() -> new RequestRejectedException(String.format(
                        "REM_MEM_REG: gpa=%#x, size=%#x, user=%#x: no such region",
                        info.gpa(), info.size(), info.userAddr())));
        slot.uses--;
        if (slot.uses == 0) {
            slots.remove(slot);
            exchange(memory.without(slot.region));
            slot.region.release();
        }
        return Reply.ACK;
    }

    /** Unmaps everything, after all rings have stopped. */
    void release() {
        postcopy.close();
        replace(new ArrayList<>(), GuestMemory.EMPTY);
    }

    /**
     * The region with the address by which the front-end refers to it: its own, or with GPA_ADDRESSES the guest physical one, while
     * what the message says of its own has no meaning.
     */
    private RegionInfo addressed(RegionInfo info) {
        return ProtocolFeature.GPA_ADDRESSES.in(agreed.protocolFeatures())
                ? new RegionInfo(info.gpa(), info.size(), info.gpa(), info.mmapOffset())
                : info;
    }

    /** Sizes are unsigned, and nothing has been checked yet. */
    private void checkSize(String request, long mappedBytes, List<RegionInfo> more) {
        long left = limits.memoryBytes() - mappedBytes;
        for (RegionInfo info : more) {
            if (Long.compareUnsigned(info.size(), left) > 0) {
                throw new LimitExceededException(String.format(
                        "%s: gpa=%#x, size=%#x: more memory than the limit of %#x bytes",
                        request, info.gpa(), info.size(), limits.memoryBytes()));
            }
            left -= info.size();
        }
    }

    private static Slot map(RegionInfo info, OwnedFd fd, FileStatus file) {
        return new Slot(GuestRegion.map(fd, info.gpa(), info.userAddr(), info.size(), info.mmapOffset()), file);
    }

    private static List<GuestRegion> regionsOf(List<Slot> of) {
        return of.stream().map(slot -> slot.region).toList();
    }

    private void exchange(GuestMemory next) {
        rings.all().forEach(ring -> ring.queue.async().prepare(next));
        rings.pauseAll();
        try {
            memory = next;
            ringControl.memoryChanged(next);
        } finally {
            rings.resumeAll();
        }
    }
}
