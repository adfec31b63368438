// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.memory.HostWindow;

/** Suppression of notifications in both directions (virtio 1.2 §2.7.7, §2.7.10, §2.8.9 and §2.8.10). */
final class RingNotify {
    private RingNotify() {}

    /** Whether the device wants to hear of entries {@code before} to {@code after}, the end not included. Read after a full fence. */
    static boolean splitNeedsKick(long used, int size, boolean eventIdx, int before, int after) {
        if (eventIdx) {
            int event = HostWindow.getShort(used + SplitLayout.availEvent(size));
            return passed(event, before, after);
        }
        return (HostWindow.getShort(used + SplitLayout.RING_FLAGS) & SplitLayout.USED_NO_NOTIFY) == 0;
    }

    /**
     * Asks for a call at the next used entry, or for none. With event indices "none" is a position that is passed once in 65536
     * entries.
     */
    static void splitWantCalls(long avail, int size, boolean eventIdx, int lastUsed, boolean wanted) {
        if (eventIdx) {
            HostWindow.setShort(avail + SplitLayout.usedEvent(size), wanted ? lastUsed : lastUsed - 1);
        } else {
            HostWindow.setShort(avail + SplitLayout.RING_FLAGS, wanted ? 0 : SplitLayout.AVAIL_NO_INTERRUPT);
        }
    }

    /**
     * Whether the device wants to hear of {@code added} descriptors before position {@code next}. Read after a full fence.
     *
     * @param wrap the driver's wrap counter at {@code next}
     */
    static boolean packedNeedsKick(long device, int size, boolean eventIdx, int next, boolean wrap, int added) {
        int event = HostWindow.getInt(device);
        int flags = (event >>> 16) & 3;
        if (flags == PackedLayout.EVENT_DISABLE) {
            return false;
        }
        if (flags != PackedLayout.EVENT_DESC || !eventIdx) {
            return true;
        }
        int offset = event & (PackedLayout.WRAP_BIT - 1);
        boolean eventWrap = (event & PackedLayout.WRAP_BIT) != 0;
        return passed(eventWrap == wrap ? offset : offset - size, next - added, next);
    }

    /** Asks for a call when the descriptor at the position is used, or for none. */
    static void packedWantCalls(long driver, boolean eventIdx, int position, boolean wrap, boolean wanted) {
        int offWrap = position | (wrap ? PackedLayout.WRAP_BIT : 0);
        int flags = PackedLayout.EVENT_DISABLE;
        if (wanted) {
            flags = eventIdx ? PackedLayout.EVENT_DESC : PackedLayout.EVENT_ENABLE;
        }
        HostWindow.setInt(driver, offWrap | flags << 16);
    }

    private static boolean passed(int event, int before, int after) {
        return ((after - event - 1) & 0xFFFF) < ((after - before) & 0xFFFF);
    }
}
