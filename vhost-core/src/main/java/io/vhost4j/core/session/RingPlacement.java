// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.Iotlb;
import io.vhost4j.core.protocol.FrontendRequest.RingAddresses;
import io.vhost4j.core.ring.RingSetup;
import org.jspecify.annotations.Nullable;

/** Checks what a front-end said about a ring, and finds the ring in memory. */
final class RingPlacement {
    /** Most descriptors of a ring (virtio 1.2 §2.7, §2.8). */
    static final int MAX_SIZE = 32768;

    private static final int POSITION_MASK = 0x7fff;

    private RingPlacement() {}

    /** Rejects addresses that no layout allows. */
    static void checkAlignment(int queue, RingAddresses at) {
        checkAligned(queue, "descriptor", at.desc(), SplitLayout.DESC_ALIGN);
        checkAligned(queue, "available", at.driver(), SplitLayout.AVAIL_ALIGN);
        checkAligned(queue, "used", at.device(), SplitLayout.USED_ALIGN);
    }

    /**
     * Where the ring is in this process.
     *
     * @param iotlb null if addresses are the front-end's own
     * @return null if the memory does not hold all of it, or not yet
     * @throws RequestRejectedException if size, position or addresses cannot be right
     */
    static @Nullable RingSetup place(
            RingState ring, RingAddresses at, Negotiation agreed, GuestMemory memory, @Nullable Iotlb iotlb) {
        boolean packed = agreed.packed();
        int size = ring.size;
        if (!packed && Integer.bitCount(size) != 1) {
            throw new RequestRejectedException(
                    "queue=" + ring.index + ", size=" + size + ": a split ring's size must be a power of two");
        }
        long desc = host(memory, iotlb, at.desc(), packed ? PackedLayout.descBytes(size) : SplitLayout.descBytes(size));
        long driver =
                host(memory, iotlb, at.driver(), packed ? PackedLayout.EVENT_BYTES : SplitLayout.availBytes(size));
        long device = host(memory, iotlb, at.device(), packed ? PackedLayout.EVENT_BYTES : SplitLayout.usedBytes(size));
        if (desc == 0 || driver == 0 || device == 0) {
            return null;
        }
        checkAligned(ring.index, "descriptor", desc, SplitLayout.DESC_ALIGN);
        checkAligned(ring.index, "available", driver, packed ? PackedLayout.EVENT_ALIGN : SplitLayout.AVAIL_ALIGN);
        checkAligned(ring.index, "used", device, packed ? PackedLayout.EVENT_ALIGN : SplitLayout.USED_ALIGN);
        int base = base(ring, packed, agreed.basesMayDiffer());
        return new RingSetup(packed, size, desc, driver, device, agreed.features(), base);
    }

    /** Where an area is; with an IOMMU its address is an I/O virtual one, which must allow both reading and writing. */
    private static long host(GuestMemory memory, @Nullable Iotlb iotlb, long address, long bytes) {
        return iotlb == null
                ? memory.userToHost(address, bytes)
                : iotlb.toHost(memory, address, bytes, Iotlb.READ | Iotlb.WRITE);
    }

    /**
     * The position to start from. Some front-ends keep only the 16 bits of the available position of a packed ring; where both
     * positions must be equal, the used position is taken from it.
     */
    private static int base(RingState ring, boolean packed, boolean mayDiffer) {
        int base = ring.base;
        if (!packed) {
            if ((base & 0xffff0000) != 0) {
                throw new RequestRejectedException("queue=" + ring.index + ", base=" + Integer.toUnsignedString(base)
                        + ": a split ring's position has 16 bits");
            }
            return base;
        }
        if (!mayDiffer && base >>> 16 == 0) {
            base |= base << 16;
        }
        if ((base & POSITION_MASK) >= ring.size || (base >>> 16 & POSITION_MASK) >= ring.size) {
            throw new RequestRejectedException("queue=" + ring.index + ", base=0x" + Integer.toHexString(base)
                    + ": outside a packed ring of " + ring.size + " descriptors");
        }
        return base;
    }

    private static void checkAligned(int queue, String part, long address, int alignment) {
        if ((address & (alignment - 1)) != 0) {
            throw new RequestRejectedException("queue=" + queue + ", " + part + " area at 0x"
                    + Long.toHexString(address) + ": must be aligned to " + alignment + " bytes");
        }
    }
}
