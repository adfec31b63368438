// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VirtioFeature;

/** What the two sides agreed on. Changed on the event thread, read from any. */
final class Negotiation {
    /** Virtio device status: the driver has accepted the features. */
    static final int STATUS_FEATURES_OK = 0x8;
    /** Virtio device status: the driver is ready. */
    static final int STATUS_DRIVER_OK = 0x4;

    private static final int MIN_MTU = 68;
    private static final int MAX_MTU = 65535;
    private static final int MAX_STATUS = 0xff;

    private final long offered;
    private final long offeredProtocol;

    private volatile long features;
    private volatile long protocolFeatures;
    private volatile int mtu;
    private volatile boolean featuresSet;
    private boolean featuresRefused;
    private int status;
    /** Whether a ring's position showed what the features do not. */
    private volatile boolean packedSeen;

    Negotiation(long offered, long offeredProtocol) {
        this.offered = offered;
        this.offeredProtocol = offeredProtocol;
    }

    long offered() {
        return offered;
    }

    long offeredProtocol() {
        return offeredProtocol;
    }

    long features() {
        return features;
    }

    long protocolFeatures() {
        return protocolFeatures;
    }

    /** The MTU in bytes, 0 if the front-end told none. */
    int mtu() {
        return mtu;
    }

    /** Whether the front-end chose its features. */
    boolean featuresSet() {
        return featuresSet;
    }

    int status() {
        return status;
    }

    boolean packed() {
        return packedSeen || VirtioFeature.RING_PACKED.in(features);
    }

    /**
     * Takes rings for packed ones because of a position that only those have, unless the features say what they are. QEMU does not
     * pass on what the driver of a crypto device has negotiated.
     *
     * @param base as SET_VRING_BASE gives it
     */
    void lookAtBase(long base) {
        if (!VirtioFeature.VERSION_1.in(features) && base >>> 16 != 0) {
            packedSeen = true;
        }
    }

    /** Whether GET_VRING_BASE may leave buffers in flight, so that a ring's two positions may differ. */
    boolean basesMayDiffer() {
        return ProtocolFeature.GET_VRING_BASE_INFLIGHT.in(protocolFeatures)
                || ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN.in(protocolFeatures);
    }

    /**
     * Accepts the front-end's virtio features.
     *
     * @param ringsRun then nothing may change but LOG_ALL
     * @return whether they changed
     */
    boolean acceptFeatures(long wanted, boolean ringsRun) {
        featuresRefused = true;
        long unknown = wanted & ~offered;
        if (unknown != 0) {
            throw new RequestRejectedException("SET_FEATURES: bits 0x" + Long.toHexString(unknown) + " "
                    + VirtioFeature.setOf(unknown) + " were not offered");
        }
        long changed = wanted ^ features;
        if (ringsRun && (changed & ~VirtioFeature.LOG_ALL.mask()) != 0) {
            throw new RequestRejectedException(
                    "SET_FEATURES: bits 0x" + Long.toHexString(changed) + " cannot change while rings run");
        }
        features = wanted;
        featuresSet = true;
        featuresRefused = false;
        return changed != 0;
    }

    void acceptProtocolFeatures(long wanted, boolean ringsRun) {
        long unknown = wanted & ~offeredProtocol;
        if (unknown != 0) {
            throw new RequestRejectedException("SET_PROTOCOL_FEATURES: bits 0x" + Long.toHexString(unknown) + " "
                    + ProtocolFeature.setOf(unknown) + " were not offered");
        }
        if (ringsRun && wanted != protocolFeatures) {
            throw new RequestRejectedException("SET_PROTOCOL_FEATURES: bits 0x"
                    + Long.toHexString(wanted ^ protocolFeatures) + " cannot change while rings run");
        }
        long inBand = ProtocolFeature.INBAND_NOTIFICATIONS.mask();
        long neededInBand = ProtocolFeature.maskOf(ProtocolFeature.BACKEND_REQ, ProtocolFeature.REPLY_ACK);
        if ((wanted & inBand) != 0 && (wanted & neededInBand) != neededInBand) {
            throw new RequestRejectedException("SET_PROTOCOL_FEATURES: 0x" + Long.toHexString(wanted)
                    + ": INBAND_NOTIFICATIONS needs BACKEND_REQ and REPLY_ACK");
        }
        protocolFeatures = wanted;
    }

    /** Whether notifications are messages where the front-end gives no descriptor for them. */
    boolean inBand() {
        return ProtocolFeature.INBAND_NOTIFICATIONS.in(protocolFeatures);
    }

    void acceptMtu(long wanted) {
        require(ProtocolFeature.MTU, "NET_SET_MTU");
        if (wanted < MIN_MTU || wanted > MAX_MTU) {
            throw new RequestRejectedException(
                    "NET_SET_MTU: mtu=" + Long.toUnsignedString(wanted) + ": must be " + MIN_MTU + " to " + MAX_MTU);
        }
        mtu = (int) wanted;
    }

    /** Takes the virtio device status; FEATURES_OK stays clear if the features were refused. */
    void acceptStatus(long wanted) {
        require(ProtocolFeature.STATUS, "SET_STATUS");
        if (wanted < 0 || wanted > MAX_STATUS) {
            throw new RequestRejectedException("SET_STATUS: status=0x" + Long.toHexString(wanted) + ": is one byte");
        }
        status = featuresRefused ? (int) wanted & ~STATUS_FEATURES_OK : (int) wanted;
    }

    /**
     * Whether the driver may be served. A front-end that tells the status must have told DRIVER_OK; one that negotiated
     * STATUS and never tells any is served as well, since such front-ends exist.
     */
    boolean driverReady() {
        return featuresSet && (status == 0 || (status & STATUS_DRIVER_OK) != 0);
    }

    /** Throws if a request's feature was not negotiated. */
    void require(ProtocolFeature feature, String request) {
        if (!feature.in(protocolFeatures)) {
            throw new RequestRejectedException(request + ": protocol feature " + feature + " was not negotiated");
        }
    }

    /** As after connecting, except for the protocol features, which belong to the connection. */
    void reset() {
        features = 0;
        featuresSet = false;
        featuresRefused = false;
        packedSeen = false;
        mtu = 0;
        status = 0;
    }
}
