// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A device that serves a guest's rings; mirrors {@code struct rte_vdpa_dev_ops}.
 *
 * <p>The library calls the methods that take a {@link VhostDevice} on its event thread, in DPDK's order: {@link #setFeatures}, then
 * {@link #setVringState} for each ring that becomes ready, then {@link #devConf}; while it serves, {@code setFeatures} when logging is
 * switched and {@code setVringState} when a ring is enabled or disabled; {@link #devClose}; and after the connection has ended
 * {@link #devCleanup}. Before memory, addresses or notification descriptors change, the library calls {@code devClose}, and {@code devConf}
 * afterwards. What these methods throw makes the library serve the rings itself.
 *
 * <p>What a guest or the hardware does wrong must not make a device harm the process. A device serves one front-end at a time.
 */
public interface VdpaDevice extends AutoCloseable {
    /** What it is. */
    VdpaIdentity identity();

    /** Most queue pairs of a network device, most queues of another. */
    int getQueueNum();

    /** Virtio features that it has, with the vhost ones (LOG_ALL, PROTOCOL_FEATURES) that it can do. */
    long getFeatures();

    /** Vhost-user protocol features that it can do. */
    long getProtocolFeatures();

    /** What it is to the guest. */
    VdpaDeviceType getDevType();

    /**
     * Starts to serve the rings of {@code device} that are started and enabled. Memory, rings and descriptors stay as they are until
     * {@link #devClose}.
     *
     * @throws VhostException if it cannot; then nothing is left of the attempt
     */
    void devConf(VhostDevice device);

    /**
     * Stops to serve. When it returns, the device accesses no memory and signals nobody, and it has told by
     * {@link VhostDevice#setVringBase} where each ring stands.
     */
    void devClose(VhostDevice device);

    /** Drops what it kept for the next time with the same front-end. */
    default void devCleanup(VhostDevice device) {}

    /** A ring became ready, or is to be served no more; before {@link #devConf} too. */
    void setVringState(VhostDevice device, int queueId, boolean enabled);

    /** The descriptor that the guest is notified by was replaced while the ring is served; see {@link VhostDevice#callFd}. */
    default void setVringCall(VhostDevice device, int queueId) {
        setVringState(device, queueId, false);
        setVringState(device, queueId, true);
    }

    /** The negotiated features were set, or changed in LOG_ALL; see {@link VhostDevice#getNegotiatedFeatures}. */
    void setFeatures(VhostDevice device);

    /** The guest runs here after a migration: the device may announce it. */
    default void migrationDone(VhostDevice device) {}

    /** The VFIO group's descriptor, which stays the device's; -1 if there is none. */
    default int getVfioGroupFd(VhostDevice device) {
        return -1;
    }

    /** The VFIO device's descriptor, which stays the device's; -1 if there is none. */
    default int getVfioDeviceFd(VhostDevice device) {
        return -1;
    }

    /** Where the guest can be given the ring's doorbell; null if it cannot. */
    default @Nullable NotifyArea getNotifyArea(VhostDevice device, int queueId) {
        return null;
    }

    /** Names of a ring's statistics. Any thread. */
    default List<String> getStatsNames() {
        return List.of();
    }

    /** A ring's statistics, in the order of {@link #getStatsNames}. Any thread. */
    default long[] getStats(int queueId) {
        return new long[0];
    }

    /** Sets a ring's statistics to 0. Any thread. */
    default void resetStats(int queueId) {}

    /**
     * Reads the configuration space.
     *
     * @return false if there is no such part
     */
    default boolean getConfig(int offset, byte[] into) {
        return false;
    }

    /**
     * Writes the configuration space.
     *
     * @return false if this part cannot be written
     */
    default boolean setConfig(int offset, byte[] bytes) {
        return false;
    }

    /**
     * Sets who is told that the device has failed while it served: with a reason, on any thread. The library answers by
     * {@link #devClose} and serves the rings itself.
     *
     * @param listener null for nobody
     */
    default void onFailure(@Nullable Consumer<String> listener) {}

    /** Gives back all that the device holds. It must not be attached. Closing twice does nothing. */
    @Override
    void close();
}
