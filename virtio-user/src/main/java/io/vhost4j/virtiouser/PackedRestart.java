// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.memory.HostWindow;

/** Puts a packed ring into the state of having nothing in flight at some position. */
final class PackedRestart {
    private PackedRestart() {}

    /**
     * Clears the descriptors and both event structures.
     *
     * @param position where driver and device go on
     * @param wrap their wrap counter there
     * @return the position in the form of SET_VRING_BASE
     */
    static int clear(RingArea area, int position, boolean wrap) {
        for (int slot = 0; slot < area.size(); slot++) {
            long at = area.desc() + ((long) slot << PackedLayout.DESC_SHIFT);
            // used in the round before: the slots behind the position belong to this round, the others to the next
            boolean usedIn = slot < position == wrap;
            int flags = usedIn ? PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED : 0;
            HostWindow.setLong(at, 0);
            HostWindow.setLong(at + PackedLayout.DESC_LEN, (long) flags << 48);
        }
        HostWindow.setInt(area.driver(), 0);
        HostWindow.setInt(area.device(), 0);
        int half = position | (wrap ? PackedLayout.WRAP_BIT : 0);
        return half | half << 16;
    }
}
