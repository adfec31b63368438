// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.PowerMonitorCondition;
import io.vhost4j.VhostException;
import io.vhost4j.VringMemory;
import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.ring.RingSetup;
import java.lang.foreign.MemorySegment;

/** Shows applications where a running ring is: bounded views that end with the mapping. Any thread. */
final class RingViews {
    private static final long INDEX_MASK = 0xffff;

    private RingViews() {}

    /** The areas of a ring. */
    static VringMemory areas(RingState ring, MemoryControl memory, LogControl log) {
        return ring.whileRunning(setup -> {
            GuestMemory now = memory.memory();
            int size = setup.size();
            boolean packed = setup.packed();
            return new VringMemory(
                    view(now, setup.desc(), packed ? PackedLayout.descBytes(size) : SplitLayout.descBytes(size)),
                    view(now, setup.driver(), packed ? PackedLayout.EVENT_BYTES : SplitLayout.availBytes(size)),
                    view(now, setup.device(), packed ? PackedLayout.EVENT_BYTES : SplitLayout.usedBytes(size)),
                    log.usedGpa(ring));
        });
    }

    /** What changes when the driver makes the next buffer available. */
    static PowerMonitorCondition monitor(RingState ring, MemoryControl memory) {
        return ring.whileRunning(setup -> {
            int position = ring.queue.position();
            return setup.packed() ? packed(setup, memory, position) : split(setup, memory, position);
        });
    }

    private static PowerMonitorCondition split(RingSetup setup, MemoryControl memory, int position) {
        MemorySegment index = view(memory.memory(), setup.driver() + SplitLayout.RING_IDX, Short.BYTES);
        return new PowerMonitorCondition(index, position & INDEX_MASK, INDEX_MASK, Short.BYTES, false);
    }

    private static PowerMonitorCondition packed(RingSetup setup, MemoryControl memory, int position) {
        int slot = position & ~PackedLayout.WRAP_BIT & 0xffff;
        boolean wrap = (position & PackedLayout.WRAP_BIT) != 0;
        long at = setup.desc() + ((long) slot << PackedLayout.DESC_SHIFT) + PackedLayout.DESC_FLAGS;
        return new PowerMonitorCondition(
                view(memory.memory(), at, Short.BYTES),
                wrap ? PackedLayout.FLAG_AVAIL : PackedLayout.FLAG_USED,
                PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED,
                Short.BYTES,
                true);
    }

    private static MemorySegment view(GuestMemory memory, long host, long bytes) {
        long gpa = memory.toGuest(host);
        if (gpa == -1) {
            throw new VhostException("the ring is not in the guest's memory any more");
        }
        return memory.segment(gpa, bytes);
    }
}
