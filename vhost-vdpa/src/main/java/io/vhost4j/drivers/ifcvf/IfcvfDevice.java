// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VirtioFeature;
import io.vhost4j.drivers.vdpa.FeaturePassage;
import io.vhost4j.drivers.vdpa.FrontEndSlot;
import io.vhost4j.drivers.vfio.DmaMappings;
import io.vhost4j.drivers.vfio.VfioDevice;
import io.vhost4j.vdpa.DmaModel;
import io.vhost4j.vdpa.NotifyArea;
import io.vhost4j.vdpa.OperationGroup;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaDeviceKind;
import io.vhost4j.vdpa.VdpaDeviceType;
import io.vhost4j.vdpa.VdpaIdentity;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An IFCVF, or another virtio 1.0 device, through VFIO. */
final class IfcvfDevice implements VdpaDevice {
    static final int PAGE = 4096;
    private static final int MAX_PAIRS = 32;
    private static final List<String> STATS = List.of("kicks_relayed", "used_relayed", "mediated");

    /** What the front-end does with the guest, and the device need not have. */
    private static final long OF_FRONT_END = VirtioFeature.maskOf(
            VirtioFeature.GUEST_ANNOUNCE, VirtioFeature.CTRL_VQ, VirtioFeature.STATUS, VirtioFeature.PROTOCOL_FEATURES);
    /**
     * What is between us and the device, and not the guest's. Buffers of a ring that is carried over are not used in batches, so
     * IN_ORDER is not passed on.
     */
    private static final long NOT_PASSED_ON = VirtioFeature.maskOf(
            VirtioFeature.ACCESS_PLATFORM,
            VirtioFeature.IN_ORDER,
            VirtioFeature.LOG_ALL,
            VirtioFeature.PROTOCOL_FEATURES);

    /** ORDER_PLATFORM to NOTIF_CONFIG_DATA and RING_RESET: transport features of which nothing is used. */
    private static final long TRANSPORT = 1L << 36 | 1L << 37 | 1L << 38 | 1L << 39 | 1L << 40;

    private static final long PROTOCOL = ProtocolFeature.maskOf(
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.BACKEND_REQ,
            ProtocolFeature.BACKEND_SEND_FD,
            ProtocolFeature.HOST_NOTIFIER,
            ProtocolFeature.LOG_SHMFD,
            ProtocolFeature.MQ,
            ProtocolFeature.STATUS,
            ProtocolFeature.CONFIGURE_MEM_SLOTS);

    private final VfioDevice vfio;
    private final IfcvfHardware hardware;
    private final VdpaDeviceType type;
    private final IfcvfSettings settings;
    private final VdpaIdentity identity;
    private final FeaturePassage features;
    private final int queues;
    private final FrontEndSlot<IfcvfServing> served;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile @Nullable Consumer<String> failureListener;

    /**
     * A device that was opened.
     *
     * @param vfio owned by the new object, unless this throws
     * @param parent the physical function, empty if it is one
     */
    IfcvfDevice(VfioDevice vfio, VdpaDeviceType type, IfcvfSettings settings, String parent) {
        this.vfio = vfio;
        this.type = type;
        this.settings = settings;
        hardware = new IfcvfHardware(vfio, VirtioPciMap.read(vfio), type == VdpaDeviceType.NET);
        hardware.reset();
        features = new FeaturePassage(hardware.features(), added(), NOT_PASSED_ON | TRANSPORT);
        queues = usableQueues(hardware.queues());
        Set<OperationGroup> groups = EnumSet.of(OperationGroup.VIRTIO, OperationGroup.INTERRUPT);
        if (hardware.doorbellStride() >= PAGE) {
            groups.add(OperationGroup.DOORBELL);
        }
        if (logs()) {
            groups.add(OperationGroup.MIGRATION);
        }
        VdpaDeviceKind kind = parent.isEmpty() ? VdpaDeviceKind.PF : VdpaDeviceKind.VF;
        identity = new VdpaIdentity(vfio.address(), kind, parent, DmaModel.VFIO, groups);
        served = new FrontEndSlot<>(identity.name());
    }

    private long added() {
        long added = type == VdpaDeviceType.NET ? OF_FRONT_END : VirtioFeature.PROTOCOL_FEATURES.mask();
        return logs() ? added | VirtioFeature.LOG_ALL.mask() : added;
    }

    /** Without IFCVF's register for it, more pairs are a matter of the control queue, which is the front-end's. */
    private int usableQueues(int all) {
        if (type == VdpaDeviceType.BLK) {
            return Math.max(1, all);
        }
        int pairs = Math.clamp((all - 1) / 2, 1, MAX_PAIRS);
        return hardware.hasMigration() ? pairs : 1;
    }

    private boolean logs() {
        return hardware.hasMigration() || settings.swLiveMigration();
    }

    @Override
    public VdpaIdentity identity() {
        return identity;
    }

    @Override
    public int getQueueNum() {
        return queues;
    }

    @Override
    public long getFeatures() {
        return features.offered();
    }

    FeaturePassage features() {
        return features;
    }

    @Override
    public long getProtocolFeatures() {
        return type == VdpaDeviceType.BLK ? PROTOCOL | ProtocolFeature.CONFIG.mask() : PROTOCOL;
    }

    @Override
    public VdpaDeviceType getDevType() {
        return type;
    }

    VfioDevice vfio() {
        return vfio;
    }

    IfcvfHardware hardware() {
        return hardware;
    }

    IfcvfSettings settings() {
        return settings;
    }

    @Override
    public void devConf(VhostDevice device) {
        served.begin(new IfcvfServing(this, device, new DmaMappings(vfio.container())));
    }

    @Override
    public void devClose(VhostDevice device) {
        served.end();
    }

    /**
     * The device has no way to change single rings that all of its kind have: it is stopped and started. That takes as long as the
     * device does, which {@link IfcvfHardware} bounds; memory stays mapped.
     */
    private void restart(VhostDevice device) {
        IfcvfServing last = served.leave();
        if (last != null) {
            served.begin(new IfcvfServing(this, device, last.stopForAnother()));
        }
    }

    @Override
    public void setVringState(VhostDevice device, int queueId, boolean enabled) {
        IfcvfServing now = served.now();
        if (now != null && now.serves(queueId) != enabled) {
            restart(device);
        }
    }

    @Override
    public void setVringCall(VhostDevice device, int queueId) {
        IfcvfServing now = served.now();
        if (now != null && !now.takeCall(queueId)) {
            restart(device);
        }
    }

    @Override
    public void setFeatures(VhostDevice device) {
        IfcvfServing now = served.now();
        if (now == null || !now.loggingChanges()) {
            return;
        }
        if (settings.swLiveMigration()) {
            restart(device);
        } else {
            now.switchLogging();
        }
    }

    @Override
    public int getVfioGroupFd(VhostDevice device) {
        return vfio.container().groupFd();
    }

    @Override
    public int getVfioDeviceFd(VhostDevice device) {
        return vfio.fd();
    }

    @Override
    public @Nullable NotifyArea getNotifyArea(VhostDevice device, int queueId) {
        IfcvfServing now = served.now();
        long inBar = now == null || now.mediates(queueId) ? -1 : hardware.doorbellInBar(queueId);
        if (inBar < 0) {
            return null;
        }
        long offset = vfio.bar(hardware.doorbellBar()).offset() + inBar;
        boolean ownPage = offset % PAGE == 0 && hardware.doorbellStride() >= PAGE;
        return ownPage ? new NotifyArea(offset, PAGE) : null;
    }

    @Override
    public List<String> getStatsNames() {
        return STATS;
    }

    @Override
    public long[] getStats(int queueId) {
        IfcvfServing now = served.now();
        return now == null ? new long[STATS.size()] : now.stats(queueId);
    }

    @Override
    public void resetStats(int queueId) {
        IfcvfServing now = served.now();
        if (now != null) {
            now.resetStats(queueId);
        }
    }

    @Override
    public boolean getConfig(int offset, byte[] into) {
        return hardware.readConfig(offset, into);
    }

    @Override
    public boolean setConfig(int offset, byte[] bytes) {
        return hardware.writeConfig(offset, bytes);
    }

    @Override
    public void onFailure(@Nullable Consumer<String> listener) {
        failureListener = listener;
    }

    void failed(String reason) {
        Consumer<String> listener = failureListener;
        if (listener != null) {
            listener.accept(reason);
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            vfio.close();
        }
    }
}
