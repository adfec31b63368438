// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.testkit;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.vdpa.DmaModel;
import io.vhost4j.vdpa.NotifyArea;
import io.vhost4j.vdpa.OperationGroup;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaDeviceKind;
import io.vhost4j.vdpa.VdpaDeviceType;
import io.vhost4j.vdpa.VdpaIdentity;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A vDPA device that only notes what it is asked to do. For one thread. */
public final class RecordingVdpa implements VdpaDevice {
    /** What it has. */
    public long features = VirtioFeature.maskOf(
            VirtioFeature.VERSION_1,
            VirtioFeature.RING_PACKED,
            VirtioFeature.LOG_ALL,
            VirtioFeature.MQ,
            VirtioFeature.ACCESS_PLATFORM,
            VirtioFeature.PROTOCOL_FEATURES);
    /** What it can do. */
    public long protocolFeatures = ProtocolFeature.maskOf(
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.BACKEND_REQ,
            ProtocolFeature.BACKEND_SEND_FD,
            ProtocolFeature.HOST_NOTIFIER,
            ProtocolFeature.LOG_SHMFD,
            ProtocolFeature.RARP,
            ProtocolFeature.CONFIG,
            ProtocolFeature.MQ);
    /** The position that it tells, for each ring; negative to tell none. */
    public int base = 7;
    /** Whether it refuses to start. */
    public boolean refuses;
    /** Whether stopping throws. */
    public boolean stopsBadly;
    /** What its file is, for doorbells. */
    public int fd = -1;
    /** What became of the last doorbell that was offered. */
    public @Nullable CompletableFuture<Void> doorbell;

    private final List<String> calls;
    private @Nullable Consumer<String> listener;

    /** Notes calls in {@code calls}. */
    public RecordingVdpa(List<String> calls) {
        this.calls = calls;
    }

    /** With a list of its own. */
    public RecordingVdpa() {
        this(new ArrayList<>());
    }

    /** All calls since the last call of this method. */
    public List<String> drain() {
        List<String> all = List.copyOf(calls);
        calls.clear();
        return all;
    }

    /** Fails. */
    public void fail(String reason) {
        if (listener != null) {
            listener.accept(reason);
        }
    }

    @Override
    public VdpaIdentity identity() {
        return new VdpaIdentity(
                "recording", VdpaDeviceKind.SOFTWARE, "", DmaModel.VIRTIO, Set.of(OperationGroup.VIRTIO));
    }

    @Override
    public int getQueueNum() {
        return 1;
    }

    @Override
    public long getFeatures() {
        return features;
    }

    @Override
    public long getProtocolFeatures() {
        return protocolFeatures;
    }

    @Override
    public VdpaDeviceType getDevType() {
        return VdpaDeviceType.NET;
    }

    @Override
    public void devConf(VhostDevice device) {
        calls.add("devConf");
        if (refuses) {
            throw new VhostException("refuses, as was asked for");
        }
        if (fd >= 0) {
            doorbell = device.hostNotifierCtrl(1, true);
        }
    }

    @Override
    public void devClose(VhostDevice device) {
        calls.add("devClose");
        for (int i = 0; base >= 0 && i < device.getVringNum(); i++) {
            device.setVringBase(i, base);
        }
        if (stopsBadly) {
            throw new VhostException("does not stop, as was asked for");
        }
    }

    @Override
    public void devCleanup(VhostDevice device) {
        calls.add("devCleanup");
    }

    @Override
    public void setVringState(VhostDevice device, int queueId, boolean enabled) {
        calls.add("setVringState " + queueId + " " + enabled);
    }

    @Override
    public void setVringCall(VhostDevice device, int queueId) {
        calls.add("setVringCall " + queueId + " " + (device.callFd(queueId) >= 0));
    }

    @Override
    public void setFeatures(VhostDevice device) {
        calls.add("setFeatures" + (VirtioFeature.LOG_ALL.in(device.getNegotiatedFeatures()) ? " logging" : ""));
    }

    @Override
    public void migrationDone(VhostDevice device) {
        calls.add("migrationDone");
    }

    @Override
    public int getVfioDeviceFd(VhostDevice device) {
        return fd;
    }

    @Override
    public @Nullable NotifyArea getNotifyArea(VhostDevice device, int queueId) {
        return new NotifyArea(4096L * queueId, 4096);
    }

    @Override
    public boolean getConfig(int offset, byte[] into) {
        into[0] = (byte) (offset + 1);
        return true;
    }

    @Override
    public boolean setConfig(int offset, byte[] bytes) {
        calls.add("setConfig " + offset);
        return true;
    }

    @Override
    public void onFailure(@Nullable Consumer<String> next) {
        listener = next;
    }

    @Override
    public void close() {}
}
