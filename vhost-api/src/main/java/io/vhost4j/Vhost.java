// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import io.vhost4j.spi.VhostProvider;

/** Static twins of {@link VhostDevice}'s methods for code that carries device ids, as DPDK's does. */
public final class Vhost {
    private Vhost() {}

    /**
     * The device with id {@code vid}.
     *
     * @throws VhostException if there is none
     */
    public static VhostDevice device(int vid) {
        return VhostProvider.instance().device(vid);
    }

    /** {@link VhostDevice#enqueueBurst} by device id; 0 if there is no such device. */
    public static int enqueueBurst(int vid, int queueId, Packet[] packets, int from, int count) {
        VhostDevice device = VhostProvider.instance().deviceOrNull(vid);
        return device == null ? 0 : device.enqueueBurst(queueId, packets, from, count);
    }

    /** {@link VhostDevice#dequeueBurst} by device id; 0 if there is no such device. */
    public static int dequeueBurst(int vid, int queueId, PacketPool pool, Packet[] packets, int from, int count) {
        VhostDevice device = VhostProvider.instance().deviceOrNull(vid);
        return device == null ? 0 : device.dequeueBurst(queueId, pool, packets, from, count);
    }
}
