// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.packet.PacketPool;
import org.jspecify.annotations.Nullable;

/** What contracts share whose packets are copied at once, or by a channel. */
abstract class ByAnyPath {
    /** The channel that each queue gets, null for none. */
    @Nullable
    abstract DmaChannel channel();

    final NetRig rig(boolean packed, int index, int size, long features, NetOptions options) {
        return rig(packed, index, size, features, options, PacketPool.builder().count(512));
    }

    final NetRig rig(boolean packed, int index, int size, long features, NetOptions options, PacketPool.Builder pool) {
        NetRig rig = new NetRig(packed, index, size, features, options, pool);
        DmaChannel used = channel();
        if (used != null) {
            rig.use(AsyncFeatures.DEFAULT.withThreshold(20), used);
        }
        return rig;
    }
}
