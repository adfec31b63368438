// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import io.vhost4j.VhostException;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.core.memory.HostWindow;
import org.jspecify.annotations.Nullable;

/**
 * A ring between guest and device: the device has a ring of its own, in memory of this process, and what the guest makes available and what
 * the device has used is carried over. So each write of the device can be marked in the dirty log, and a device that can only begin
 * at the start of a ring can be given one that is in use. Buffers are not copied: the device reaches those of the guest.
 *
 * <p>Both sides are distrusted: a number that cannot be ends the relay by a {@link VhostException}. Used by one thread at a time; calls end
 * with {@link HostWindow#settle}.
 */
public abstract sealed class MediatedRing permits SplitMediatedRing, PackedMediatedRing {
    private static final int MIN_TABLE = 1024;
    private static final int DESC_BYTES = 16;

    final RingInfo guest;
    final GuestMemory memory;
    final int size;
    /** The device's own ring, as this process sees it and as the device does. */
    final long host;

    final long iova;
    final boolean eventIdx;

    @Nullable
    DirtyLog log;

    private long logGpa = -1;

    MediatedRing(RingInfo guest, GuestMemory memory, long host, long iova, boolean eventIdx) {
        this.guest = guest;
        this.memory = memory;
        this.host = host;
        this.iova = iova;
        this.eventIdx = eventIdx;
        size = guest.size();
    }

    /**
     * Mediates a ring from where it stands.
     *
     * @param host {@link #bytesFor} zeroed bytes, page aligned
     * @param iova where the device sees them
     * @param eventIdx whether RING_EVENT_IDX was negotiated
     */
    public static MediatedRing of(RingInfo guest, GuestMemory memory, long host, long iova, boolean eventIdx) {
        MediatedRing ring = guest.packed()
                ? new PackedMediatedRing(guest, memory, host, iova, eventIdx)
                : new SplitMediatedRing(guest, memory, host, iova, eventIdx);
        HostWindow.settle();
        return ring;
    }

    /** Bytes of memory that a ring needs. */
    public static long bytesFor(RingInfo guest) {
        return guest.packed() ? PackedMediatedRing.bytes(guest.size()) : SplitMediatedRing.bytes(guest.size());
    }

    /** The ring's number. */
    public final int index() {
        return guest.index();
    }

    /** Where the device finds its descriptors. */
    public abstract long descIova();

    /** Where the device finds its available ring or driver event area. */
    public abstract long driverIova();

    /** Where the device finds its used ring or device event area. */
    public abstract long deviceIova();

    /** The positions that the device begins at. */
    public abstract int startState();

    /** Marks what is written to guest memory from now on; null to end. */
    public final void setLog(@Nullable DirtyLog newLog, long newLogGpa) {
        log = newLog;
        logGpa = newLogGpa;
        if (newLog != null) {
            logState();
            HostWindow.settle();
        }
    }

    /** Marks what was written before there was a log. */
    abstract void logState();

    /**
     * Hands to the device what the guest has made available, and has the guest tell of more.
     *
     * @return whether the device is to be notified
     */
    public final boolean relayAvailable() {
        boolean moved = carryAvailable();
        askGuest();
        moved |= carryAvailable();
        HostWindow.settle();
        return moved;
    }

    abstract boolean carryAvailable();

    /** Has the guest notify of what comes next; followed by a look. */
    abstract void askGuest();

    /**
     * Hands to the guest what the device has used, and marks what the device wrote; mirrors {@code rte_vdpa_relay_vring_used}.
     *
     * @return whether the guest is to be notified
     */
    public final boolean relayVringUsed() {
        boolean call = false;
        int before;
        do {
            before = base();
            call |= carryUsed();
        } while (base() != before);
        HostWindow.settle();
        return call;
    }

    abstract boolean carryUsed();

    /** Where the guest's ring stands, as SET_VRING_BASE takes it: behind what was used. */
    public abstract int base();

    /** Marks bytes of the used ring or device event area, which the log may want elsewhere. */
    final void markUsed(long offset, long bytes) {
        DirtyLog to = log;
        if (to != null) {
            to.mark((logGpa == -1 ? guest.deviceGpa() : logGpa) + offset, bytes);
        }
    }

    /** Marks a buffer that the device may have written, as far as it is guest memory. */
    final void markBuffer(long gpa, long bytes) {
        DirtyLog to = log;
        long at = gpa;
        long left = bytes;
        while (to != null && left > 0) {
            GuestRegion region = memory.regionOf(at);
            if (region == null) {
                return;
            }
            long piece = Math.min(left, region.size() - (at - region.gpa()));
            to.mark(at, piece);
            at += piece;
            left -= piece;
        }
    }

    /**
     * Marks the writable buffers of an indirect table.
     *
     * @param linked whether entries follow each other by {@code next}, as in split rings, or in order
     */
    final void markTable(long gpa, long bytes, boolean linked) {
        long entries = Math.min(bytes / DESC_BYTES, Math.max(size, MIN_TABLE));
        long entry = 0;
        for (long step = 0; step < entries && entry < entries; step++) {
            long at = memory.toHost(gpa + entry * DESC_BYTES, DESC_BYTES);
            if (at == 0) {
                return;
            }
            int flags = HostWindow.getShort(at + (linked ? SplitLayout.DESC_FLAGS : SplitLayout.DESC_NEXT));
            if ((flags & DescFlags.WRITE) != 0) {
                markBuffer(
                        HostWindow.getLong(at + SplitLayout.DESC_ADDR),
                        HostWindow.getUnsignedInt(at + SplitLayout.DESC_LEN));
            }
            if (linked && (flags & DescFlags.NEXT) == 0) {
                return;
            }
            entry = linked ? HostWindow.getShort(at + SplitLayout.DESC_NEXT) : entry + 1;
        }
    }

    final VhostException guestLied(String what) {
        return new VhostException("ring " + guest.index() + ": the guest's ring is broken: " + what);
    }

    final VhostException deviceLied(String what) {
        return new VhostException("ring " + guest.index() + ": the device's ring is broken: " + what);
    }
}
