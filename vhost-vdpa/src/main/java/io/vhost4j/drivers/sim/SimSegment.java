// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.sim;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The wire that {@code sim:net} devices share: each frame goes to all others. */
final class SimSegment {
    private static final Map<String, SimSegment> SEGMENTS = new ConcurrentHashMap<>();

    private final List<SimDevice> devices = new CopyOnWriteArrayList<>();

    static SimSegment named(String name) {
        return SEGMENTS.computeIfAbsent(name, key -> new SimSegment());
    }

    void join(SimDevice device) {
        devices.add(device);
    }

    void leave(SimDevice device) {
        devices.remove(device);
    }

    /** Carries a frame; what a device has no room for is lost, as on a wire. */
    void carry(SimDevice from, byte[] frame, int length) {
        for (SimDevice to : devices) {
            if (to != from) {
                to.offer(frame, length);
            }
        }
    }
}
