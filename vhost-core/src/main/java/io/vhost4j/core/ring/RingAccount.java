// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import io.vhost4j.VhostException;
import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.memory.PackedInflight;
import io.vhost4j.core.memory.SplitInflight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A ring's account of chains in flight, for a ring that is served by somebody else. Addresses given at construction and in calls must be mapped
 * while a method runs. If the buffer's file is truncated, an {@link InternalError} comes out of any call. One thread at a time.
 */
public final class RingAccount {
    private final int size;
    private final @Nullable SplitInflight split;
    private final @Nullable PackedInflight packed;
    private final int[] resubmit;
    private final int base;
    private final int[] one = new int[1];

    /**
     * Recovers what the process before left.
     *
     * @param inflight host address of the ring's part of the buffer
     * @throws VhostException if the buffer is not of this ring
     */
    public RingAccount(RingSetup ring, long inflight) {
        size = ring.size();
        if (ring.packed()) {
            int used = ring.base() >>> 16;
            PackedInflight account = new PackedInflight(
                    inflight,
                    size,
                    ring.features(),
                    used & ~PackedLayout.WRAP_BIT,
                    (used & PackedLayout.WRAP_BIT) != 0);
            resubmit = account.recover(ring.desc());
            packed = account;
            split = null;
            base = account.position() | account.position() << 16;
        } else {
            int used = HostWindow.getShortAcquire(ring.device() + SplitLayout.RING_IDX);
            SplitInflight account = new SplitInflight(inflight, size, ring.features(), used);
            resubmit = account.recover(used);
            split = account;
            packed = null;
            base = used;
        }
    }

    /** Heads, or first entries, of the chains that were in flight, in the order in which they were taken. */
    public int[] resubmit() {
        return resubmit.clone();
    }

    /** The position up to which the ring was used at first. */
    public int base() {
        return base;
    }

    /** Split: a chain was taken. */
    public void takenSplit(int head) {
        split().taken(single(head), 1);
    }

    /** Split: a chain is about to be given back. */
    public void returningSplit(int head) {
        split().returning(single(head), 1);
    }

    /** Split: a chain was given back. */
    public void returnedSplit(int head, int usedIdx) {
        split().returned(single(head), 1, usedIdx);
    }

    /** Packed: a chain was taken; returns its entry. */
    public int takenPacked(long desc, int slot, int slots) {
        if (slot < 0 || slot >= size || slots < 1 || slots > size) {
            throw new VhostException("slot=" + slot + ", slots=" + slots + ": the ring has size " + size);
        }
        int entry = packed().taken(desc, slot, slots);
        if (entry < 0) {
            throw new VhostException("in-flight buffer: its list of free entries is broken");
        }
        return entry;
    }

    /** Packed: a chain is about to be given back. */
    public void returningPacked(int entry) {
        single(entry);
        PackedInflight account = packed();
        int slots = slots(account, entry);
        int position = account.position();
        int slot = (position & ~PackedLayout.WRAP_BIT) + slots;
        boolean wrap = (position & PackedLayout.WRAP_BIT) != 0;
        if (slot >= size) {
            slot -= size;
            wrap = !wrap;
        }
        account.returning(one, 1, Math.min(slot, size - 1), wrap);
    }

    /** Packed: a chain was given back. */
    public void returnedPacked(int entry) {
        packed().returned(single(entry), 1);
    }

    /** Packed: a copy of a chain's descriptors, in the format of the ring. */
    public MemorySegment chainPacked(int entry) {
        single(entry);
        PackedInflight account = packed();
        int slots = slots(account, entry);
        MemorySegment copy = Arena.ofAuto().allocate(PackedLayout.descBytes(slots), PackedLayout.DESC_ALIGN);
        if (!account.restore(entry, slots, copy.address())) {
            throw new VhostException(
                    "in-flight buffer: entry " + entry + " holds no chain of " + slots + " descriptors");
        }
        return copy;
    }

    private int slots(PackedInflight account, int entry) {
        int slots = account.slots(entry);
        if (slots < 1 || slots > size) {
            throw new VhostException("in-flight buffer: entry " + entry + " has a chain of " + slots
                    + " descriptors: the ring has size " + size);
        }
        return slots;
    }

    private int[] single(int index) {
        if (index < 0 || index >= size) {
            throw new VhostException("descriptor " + index + ": the ring has size " + size);
        }
        Arrays.fill(one, index);
        return one;
    }

    private SplitInflight split() {
        if (split == null) {
            throw new VhostException("the ring is a packed one");
        }
        return split;
    }

    private PackedInflight packed() {
        if (packed == null) {
            throw new VhostException("the ring is a split one");
        }
        return packed;
    }
}
