// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import io.vhost4j.spi.VhostProvider;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaDeviceType;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A vhost-user socket; mirrors the {@code rte_vhost_driver_*} family.
 *
 * <p>Register, set features and callbacks, {@link #start}. Settings can be changed only before {@link #start}. Any thread may
 * call any method. Closing the driver closes its connections and devices, and removes the socket file that it made.
 */
public interface VhostDriver extends AutoCloseable {
    /** Most queue pairs of a device. */
    int MAX_QUEUE_PAIRS = 128;

    /**
     * Registers a socket; mirrors {@code rte_vhost_driver_register}. Nothing is opened until {@link #start}.
     *
     * @param path the Unix socket, at most 107 bytes long; a name that starts with {@code @} is in the abstract namespace. With
     *     the module vhost-vdpa, {@code /dev/vduse/NAME} makes a network device of the kernel's vDPA bus (VDUSE)
     * @throws ConfigurationException if the path is registered already, or the flags cannot go together
     */
    static VhostDriver register(Path path, DriverFlag... flags) {
        return VhostProvider.instance().register(path, flags);
    }

    /**
     * Closes the driver registered for {@code path}; mirrors {@code rte_vhost_driver_unregister}.
     *
     * @throws ConfigurationException if none is
     */
    static void unregister(Path path) {
        VhostProvider.instance().unregister(path);
    }

    /**
     * Has the Java virtual machine compile the data path before there is a guest: moves packets of the usual shapes through rings of both
     * kinds in memory of its own. Optional. Without it the first packets of a fresh process find code that is not compiled,
     * or was compiled while polls found nothing, and take many times as long.
     *
     * <p>Blocks the caller for about 0.4 s, the first time in a process; again it does nothing. The system property
     * {@code vhost4j.warmUpMillis} sets how long (default 300, to which come classes to load), 0 leaves it out. No driver, device or statistics
     * see anything of it. Call it before {@link #start}, from any thread that no guest waits for.
     *
     * @throws VhostException if there is not enough memory or there are not enough file descriptors for it
     */
    static void warmUp() {
        VhostProvider.instance().warmUp();
    }

    /** The path given at registration. */
    Path path();

    /**
     * Sets all virtio features to offer.
     *
     * @param features bits as in {@link VirtioFeature}
     * @throws ConfigurationException if the library does not have one of them
     */
    void setFeatures(long features);

    /** The virtio features that are offered. */
    long getFeatures();

    /**
     * Offers more virtio features.
     *
     * @throws ConfigurationException if the library does not have one of them
     */
    void enableFeatures(long features);

    /** Stops offering virtio features. */
    void disableFeatures(long features);

    /**
     * Sets all protocol features to offer.
     *
     * @param features bits as in {@link ProtocolFeature}
     * @throws ConfigurationException if the library does not have one of them
     */
    void setProtocolFeatures(long features);

    /** The protocol features that are offered. */
    long getProtocolFeatures();

    /** Most queue pairs that a front-end may use. */
    int getQueueNum();

    /**
     * Limits the number of queue pairs.
     *
     * @param pairs 1 to {@link #MAX_QUEUE_PAIRS}, the default
     */
    void setMaxQueueNum(int pairs);

    /**
     * Sets what becomes of chains that a back-end before has taken, or left, when rings start over a new connection.
     *
     * @param policy by default {@link RecoveryPolicy#INFLIGHT}
     */
    void setRecoveryPolicy(RecoveryPolicy policy);

    /** What becomes of chains in flight when rings start over a new connection. */
    RecoveryPolicy getRecoveryPolicy();

    /**
     * Whether the library serves the rings as those of a network device, as it does by default. An application that
     * turns this off implements a device of another type: it may offer any virtio feature, the device is ready when all rings that the
     * front-end has named are, burst calls move nothing, and the rings are reached by {@link VhostDevice#getVringMemory}, messages of the device's
     * own by {@link VhostDevice#externCallbackRegister}. The number of rings is twice that of queue pairs. Call this first, and then set the
     * features: the defaults are a network device's.
     */
    void setBuiltinVirtioNet(boolean builtin);

    /**
     * Sets permissions of the socket file, given when it is made.
     *
     * @param mode as for chmod(2), 0 to 0777; by default the process's umask decides
     */
    void setSocketMode(int mode);

    /**
     * Sets the owner of the socket file.
     *
     * @param uid user id, -1 to leave it
     * @param gid group id, -1 to leave it
     */
    void setSocketOwner(int uid, int gid);

    /** Sets what each front-end may cost; {@link ConnectionLimits#DEFAULT} by default. */
    void setConnectionLimits(ConnectionLimits limits);

    /** What each front-end may cost. */
    ConnectionLimits getConnectionLimits();

    /** What has happened on this socket so far. Any time, also after {@link #close}. */
    DriverCounters counters();

    /**
     * Has a vDPA device serve the rings of this socket's front-end; mirrors {@code rte_vhost_driver_attach_vdpa_device}. Front-ends that
     * connect from now on are offered what both the driver and the device have, and the device's configuration space and doorbells; the
     * device gets the rings when they are ready. While it has them, {@link VhostDevice#getVdpaDevice} is not null and burst calls move nothing.
     *
     * <p>May be called while the driver runs: then a connected front-end whose negotiated features the device has is handed over. If the
     * device cannot serve, or fails while it does, the library serves the rings itself. Each change of who serves them is a
     * {@link VhostDeviceOps#destroyDevice} and a {@link VhostDeviceOps#newDevice}, which the guest does not notice.
     *
     * @throws ConfigurationException if one is attached already
     */
    void attachVdpaDevice(VdpaDevice device);

    /**
     * Takes the vDPA device away; mirrors {@code rte_vhost_driver_detach_vdpa_device}. The library goes on with the rings of a connected
     * front-end where the device stopped. When this returns, the device has let go of all; from a callback it may take until the
     * callback has returned.
     */
    void detachVdpaDevice();

    /** The vDPA device that is attached, or null; mirrors {@code rte_vhost_driver_get_vdpa_device}. */
    @Nullable
    VdpaDevice getVdpaDevice();

    /** What the attached vDPA device is to the guest, or null; mirrors {@code rte_vhost_driver_get_vdpa_dev_type}. */
    default @Nullable VdpaDeviceType getVdpaDevType() {
        VdpaDevice device = getVdpaDevice();
        return device == null ? null : device.getDevType();
    }

    /** Sets who is told about devices; required before {@link #start}. */
    void callbackRegister(VhostDeviceOps ops);

    /**
     * Listens, or with {@link DriverFlag#CLIENT} connects; mirrors {@code rte_vhost_driver_start}. A stale socket file,
     * on which nobody listens, is replaced. A client that finds nobody goes on trying every second, unless
     * {@link DriverFlag#NO_RECONNECT} is set.
     *
     * @throws ConfigurationException if another process listens on the path, the folder is missing or may not be written, or
     *     with NO_RECONNECT nobody listens
     */
    void start();

    /**
     * Ends all connections and devices of this socket, with their callbacks, and forgets the registration. May be called
     * from a callback. From elsewhere it returns when all callbacks have returned. Closing twice does nothing.
     */
    @Override
    void close();
}
