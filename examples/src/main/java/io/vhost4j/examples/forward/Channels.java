// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.VhostDevice;
import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.async.DmaEngine;
import java.util.HashMap;
import java.util.Map;

/** The DMA channels of all rings, one for each, from one engine. Used by the event thread, but for {@link #close}. */
final class Channels implements AutoCloseable {
    private static final int BURST = 256;

    private final DmaEngine engine;
    private final AsyncFeatures features;
    private final Map<VhostDevice, Map<Integer, DmaChannel>> channels = new HashMap<>();
    private final CompletedPackets left = new CompletedPackets(BURST);

    Channels(DmaEngine engine, AsyncFeatures features) {
        this.engine = engine;
        this.features = features;
    }

    /** Gives a channel to each of the device's rings that has none. */
    void serve(VhostDevice device) {
        Map<Integer, DmaChannel> mine = channels.computeIfAbsent(device, key -> new HashMap<>());
        for (int ring = 0; ring < device.getVringNum(); ring++) {
            if (!mine.containsKey(ring)) {
                DmaChannel channel = engine.openChannel();
                mine.put(ring, channel);
                device.asyncChannelRegister(ring, features, channel);
            }
        }
    }

    /** Frees what is under way in the device's rings, and takes their channels back. */
    void leave(VhostDevice device) {
        Map<Integer, DmaChannel> mine = channels.remove(device);
        if (mine == null) {
            return;
        }
        mine.forEach((ring, channel) -> {
            while (device.clearQueue(ring, left) > 0 || device.asyncGetInflight(ring) > 0) {
                left.free();
            }
            device.asyncChannelUnregister(ring);
            channel.close();
        });
    }

    @Override
    public void close() {
        engine.close();
    }
}
