// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ConnectionLimits;
import io.vhost4j.RecoveryPolicy;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.core.net.NetOptions;

/**
 * What a socket offers to every front-end that connects.
 *
 * @param ifname the socket's path
 * @param features virtio features offered
 * @param protocolFeatures protocol features offered
 * @param maxQueuePairs most queue pairs of a device
 * @param ops who is told
 * @param offloadsGuestNotify whether the application may notify the guest itself
 * @param net options of the queues
 * @param limits what a front-end may cost
 * @param socket what the sessions of the socket share
 * @param recovery where rings go on that were served before
 * @param kind who serves the rings
 * @param asyncCopy whether rings may have DMA channels
 */
public record SessionConfig(
        String ifname,
        long features,
        long protocolFeatures,
        int maxQueuePairs,
        VhostDeviceOps ops,
        boolean offloadsGuestNotify,
        NetOptions net,
        ConnectionLimits limits,
        SocketState socket,
        RecoveryPolicy recovery,
        DeviceKind kind,
        boolean asyncCopy) {
    /** With the limits, the recovery and the rings that apply by default. */
    public SessionConfig(
            String ifname,
            long features,
            long protocolFeatures,
            int maxQueuePairs,
            VhostDeviceOps ops,
            boolean offloadsGuestNotify,
            NetOptions net) {
        this(
                ifname,
                features,
                protocolFeatures,
                maxQueuePairs,
                ops,
                offloadsGuestNotify,
                net,
                ConnectionLimits.DEFAULT,
                new SocketState(),
                RecoveryPolicy.INFLIGHT,
                DeviceKind.NET,
                false);
    }

    Counters counters() {
        return socket.counters();
    }

    LogThrottle throttle() {
        return socket.throttle();
    }
}
