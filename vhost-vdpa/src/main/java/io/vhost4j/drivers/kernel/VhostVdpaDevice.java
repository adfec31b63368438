// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.kernel;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.drivers.vdpa.FeaturePassage;
import io.vhost4j.drivers.vdpa.FrontEndSlot;
import io.vhost4j.vdpa.DmaModel;
import io.vhost4j.vdpa.NotifyArea;
import io.vhost4j.vdpa.OperationGroup;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaDeviceKind;
import io.vhost4j.vdpa.VdpaDeviceType;
import io.vhost4j.vdpa.VdpaIdentity;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A device of the kernel's bus: the kernel, or what it drives, serves the rings and has the guest's event descriptors. */
final class VhostVdpaDevice implements VdpaDevice {
    private static final int PAGE = 4096;
    private static final int MAX_PAIRS_OFFSET = 8;
    private static final int BLK_QUEUES_OFFSET = 34;
    private static final int MAX_QUEUES = 256;
    private static final long OF_FRONT_END =
            VirtioFeature.maskOf(VirtioFeature.GUEST_ANNOUNCE, VirtioFeature.CTRL_VQ, VirtioFeature.PROTOCOL_FEATURES);
    private static final long NOT_PASSED_ON =
            VirtioFeature.maskOf(VirtioFeature.ACCESS_PLATFORM, VirtioFeature.LOG_ALL, VirtioFeature.PROTOCOL_FEATURES);
    private static final long PROTOCOL = ProtocolFeature.maskOf(
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.BACKEND_REQ,
            ProtocolFeature.BACKEND_SEND_FD,
            ProtocolFeature.HOST_NOTIFIER,
            ProtocolFeature.MQ,
            ProtocolFeature.STATUS,
            ProtocolFeature.CONFIG,
            ProtocolFeature.CONFIGURE_MEM_SLOTS);

    private final VhostVdpaFile file;
    private final VdpaDeviceType type;
    private final FeaturePassage features;
    private final int queues;
    private final int maxRingSize;
    private final boolean doorbells;
    private final VdpaIdentity identity;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final FrontEndSlot<VhostVdpaServing> served;

    /** Of a device that was opened; {@code file} is the new object's, unless this throws. */
    VhostVdpaDevice(String name, VhostVdpaFile file) {
        this.file = file;
        file.setStatus(0);
        int id = file.deviceId();
        type = switch (id) {
            case VhostVdpaLayout.ID_NET -> VdpaDeviceType.NET;
            case VhostVdpaLayout.ID_BLK -> VdpaDeviceType.BLK;
            default -> throw new VhostException(name + ": virtio device id " + id + ": only 1 (network) and 2 (block)");
        };
        features = new FeaturePassage(
                file.features(),
                type == VdpaDeviceType.NET ? OF_FRONT_END : VirtioFeature.PROTOCOL_FEATURES.mask(),
                NOT_PASSED_ON);
        maxRingSize = file.maxRingSize();
        queues = Math.clamp(queuesOf(), 1, MAX_QUEUES);
        doorbells = hasDoorbells();
        Set<OperationGroup> groups = EnumSet.of(OperationGroup.VIRTIO, OperationGroup.INTERRUPT);
        if (doorbells) {
            groups.add(OperationGroup.DOORBELL);
        }
        identity = new VdpaIdentity(name, VdpaDeviceKind.KERNEL, "", DmaModel.VHOST, groups);
        served = new FrontEndSlot<>(name);
    }

    private int queuesOf() {
        byte[] number = new byte[2];
        if (type == VdpaDeviceType.BLK) {
            boolean told = (features.device() & 1L << 12) != 0 && file.readConfig(BLK_QUEUES_OFFSET, number);
            return told ? u16(number) : 1;
        }
        return VirtioFeature.MQ.in(features.device()) && file.readConfig(MAX_PAIRS_OFFSET, number) ? u16(number) : 1;
    }

    private static int u16(byte[] bytes) {
        return bytes[0] & 0xff | (bytes[1] & 0xff) << 8;
    }

    private boolean hasDoorbells() {
        try {
            Mapping.map(file.fd(), 0, PAGE, Mapping.PROT_WRITE, Mapping.MAP_SHARED)
                    .close();
            return true;
        } catch (NativeException e) {
            return false;
        }
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
        return PROTOCOL;
    }

    @Override
    public VdpaDeviceType getDevType() {
        return type;
    }

    int maxRingSize() {
        return maxRingSize;
    }

    @Override
    public void devConf(VhostDevice device) {
        served.begin(new VhostVdpaServing(this, file, device));
    }

    @Override
    public void devClose(VhostDevice device) {
        served.end();
    }

    @Override
    public void setVringState(VhostDevice device, int queueId, boolean enabled) {
        VhostVdpaServing now = served.now();
        if (now != null) {
            now.setEnabled(queueId, enabled);
        }
    }

    @Override
    public void setVringCall(VhostDevice device, int queueId) {
        VhostVdpaServing now = served.now();
        if (now != null) {
            now.takeCall(queueId);
        }
    }

    @Override
    public void setFeatures(VhostDevice device) {
        // LOG_ALL, which alone can change while it serves, is not offered
    }

    @Override
    public int getVfioDeviceFd(VhostDevice device) {
        return file.fd();
    }

    @Override
    public @Nullable NotifyArea getNotifyArea(VhostDevice device, int queueId) {
        return doorbells ? new NotifyArea((long) queueId * PAGE, PAGE) : null;
    }

    @Override
    public boolean getConfig(int offset, byte[] into) {
        int bytes = file.configBytes();
        if (bytes == 0) {
            return file.readConfig(offset, into);
        }
        // what is beyond the end reads as zero, as in a PCI device
        byte[] there = new byte[Math.clamp(bytes - (long) offset, 0, into.length)];
        if (there.length == 0 || !file.readConfig(offset, there)) {
            return false;
        }
        System.arraycopy(there, 0, into, 0, there.length);
        return true;
    }

    @Override
    public boolean setConfig(int offset, byte[] bytes) {
        return file.writeConfig(offset, bytes);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            file.close();
        }
    }
}
