// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

/**
 * What the sessions of one socket share.
 *
 * @param counters of the socket
 * @param throttle limits what front-ends write in the log
 * @param features what the front-end before agreed to
 * @param vdpa the vDPA device that is to serve
 */
public record SocketState(Counters counters, LogThrottle throttle, FeatureHistory features, VdpaSlot vdpa) {
    /** Of a socket that nobody has connected to. */
    public SocketState() {
        this(new Counters(), new LogThrottle(), new FeatureHistory(), new VdpaSlot());
    }
}
