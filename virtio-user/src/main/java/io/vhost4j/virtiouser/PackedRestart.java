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
        // both flags 0: not available, whatever the wrap counter is; and nobody looks for used descriptors where none
        // is in flight
        HostWindow.fill(area.desc(), PackedLayout.descBytes(area.size()), 0);
        HostWindow.setInt(area.driver(), 0);
        HostWindow.setInt(area.device(), 0);
        int half = position | (wrap ? PackedLayout.WRAP_BIT : 0);
        return half | half << 16;
    }
}
