// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.sim;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.drivers.vdpa.RingInfo;
import io.vhost4j.vdpa.DmaModel;
import io.vhost4j.vdpa.OperationGroup;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaDeviceKind;
import io.vhost4j.vdpa.VdpaDeviceType;
import io.vhost4j.vdpa.VdpaIdentity;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A network device that is a program. {@code sim:loopback} gives each frame back on the pair it came by; {@code sim:net} gives it to the
 * other devices of its segment.
 */
final class SimDevice implements VdpaDevice {
    private static final long FEATURES = VirtioFeature.maskOf(
            VirtioFeature.MAC,
            VirtioFeature.STATUS,
            VirtioFeature.MRG_RXBUF,
            VirtioFeature.CTRL_VQ,
            VirtioFeature.MQ,
            VirtioFeature.GUEST_ANNOUNCE,
            VirtioFeature.LOG_ALL,
            VirtioFeature.ANY_LAYOUT,
            VirtioFeature.RING_INDIRECT_DESC,
            VirtioFeature.RING_EVENT_IDX,
            VirtioFeature.PROTOCOL_FEATURES,
            VirtioFeature.VERSION_1,
            VirtioFeature.RING_PACKED,
            VirtioFeature.IN_ORDER);
    private static final long PROTOCOL = ProtocolFeature.maskOf(
            ProtocolFeature.MQ,
            ProtocolFeature.LOG_SHMFD,
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.BACKEND_REQ,
            ProtocolFeature.RESET_DEVICE,
            ProtocolFeature.CONFIGURE_MEM_SLOTS,
            ProtocolFeature.STATUS,
            ProtocolFeature.CONFIG);
    private static final List<String> STATS = List.of("frames", "bytes");
    private static final int CONFIG_BYTES = 12;
    private static final int STATUS_OFFSET = 6;
    private static final int PAIRS_OFFSET = 8;

    private final VdpaIdentity identity;
    private final SimSettings settings;
    private final @Nullable SimSegment segment;
    private final byte[] config = new byte[CONFIG_BYTES];
    private volatile @Nullable SimEngine engine;
    private volatile @Nullable Consumer<String> failureListener;

    SimDevice(String name, SimSettings settings, @Nullable SimSegment segment) {
        identity = new VdpaIdentity(
                name,
                VdpaDeviceKind.SOFTWARE,
                "",
                DmaModel.VIRTIO,
                Set.of(OperationGroup.VIRTIO, OperationGroup.INTERRUPT, OperationGroup.MIGRATION));
        this.settings = settings;
        this.segment = segment;
        byte[] mac = {
            0x02, 0, 0, (byte) (name.hashCode() >>> 16), (byte) (name.hashCode() >>> 8), (byte) name.hashCode()
        };
        System.arraycopy(mac, 0, config, 0, mac.length);
        config[STATUS_OFFSET] = 1;
        config[PAIRS_OFFSET] = (byte) settings.queues();
        if (segment != null) {
            segment.join(this);
        }
    }

    @Override
    public VdpaIdentity identity() {
        return identity;
    }

    @Override
    public int getQueueNum() {
        return settings.queues();
    }

    @Override
    public long getFeatures() {
        return settings.packed() ? FEATURES : FEATURES & ~VirtioFeature.RING_PACKED.mask();
    }

    @Override
    public long getProtocolFeatures() {
        return PROTOCOL;
    }

    @Override
    public VdpaDeviceType getDevType() {
        return VdpaDeviceType.NET;
    }

    @Override
    public void devConf(VhostDevice device) {
        if (settings.failConf()) {
            throw new VhostException(identity.name() + ": does not start, as was asked for");
        }
        if (engine != null) {
            throw new VhostException(identity.name() + ": serves another front-end");
        }
        SimEngine made = new SimEngine(this, settings, segment, device);
        try {
            made.start(this::failed);
        } catch (RuntimeException | InternalError e) {
            made.close();
            throw e;
        }
        engine = made;
    }

    @Override
    public void devClose(VhostDevice device) {
        SimEngine running = engine;
        engine = null;
        if (running != null) {
            running.close();
        }
    }

    @Override
    public void setVringState(VhostDevice device, int queueId, boolean enabled) {
        SimEngine running = engine;
        if (running != null) {
            running.setEnabled(queueId, enabled);
        }
    }

    @Override
    public void setVringCall(VhostDevice device, int queueId) {
        SimEngine running = engine;
        if (running != null) {
            running.takeCall(queueId);
        }
    }

    @Override
    public void setFeatures(VhostDevice device) {
        SimEngine running = engine;
        if (running != null) {
            running.setLog(RingInfo.accessOf(device).dirtyLog());
        }
    }

    @Override
    public List<String> getStatsNames() {
        return STATS;
    }

    @Override
    public long[] getStats(int queueId) {
        SimEngine running = engine;
        return running == null ? new long[STATS.size()] : running.stats(queueId);
    }

    @Override
    public boolean getConfig(int offset, byte[] into) {
        // what is beyond the end reads as zero, as in a PCI device
        for (int i = 0; i < into.length; i++) {
            into[i] = offset + i < config.length ? config[offset + i] : 0;
        }
        return true;
    }

    @Override
    public void onFailure(@Nullable Consumer<String> listener) {
        failureListener = listener;
    }

    private void failed(String reason) {
        Consumer<String> listener = failureListener;
        if (listener != null) {
            listener.accept(reason);
        }
    }

    /** A frame from the wire. Any thread. */
    void offer(byte[] frame, int length) {
        SimEngine running = engine;
        if (running != null) {
            running.offer(frame, length);
        }
    }

    @Override
    public void close() {
        if (segment != null) {
            segment.leave(this);
        }
    }
}
