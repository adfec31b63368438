// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/**
 * What an application is told about the devices of a socket; mirrors {@code struct rte_vhost_device_ops}.
 *
 * <p>All methods but {@link #guestNotified} and {@link #guestNotify} are called on the library's event thread, with no lock
 * held, one at a time for all sockets; they may call any method of the library, {@link VhostDriver#close} included. While one
 * runs, no message of any socket is handled: it should not block.
 *
 * <p>Order: {@link #newConnection}, then any number of ({@link #newDevice} ... {@link #destroyDevice}), then
 * {@link #destroyConnection}.
 */
public interface VhostDeviceOps {
    /**
     * The device is ready: its first rings are set up and enabled. From now on burst calls move packets. An exception
     * thrown from here ends the connection.
     */
    void newDevice(VhostDevice device);

    /**
     * The front-end stopped the device, or the connection ended. When this method returns, the application must have left
     * all burst calls on the device and must make no more; burst calls made all the same return 0.
     */
    void destroyDevice(VhostDevice device);

    /** A ring was enabled or disabled. Rings enabled before {@link #newDevice} are reported right after it. */
    default void vringStateChanged(VhostDevice device, int queueId, boolean enabled) {}

    /** The negotiated features of a running device changed; only LOG_ALL can. {@code features} is the new word. */
    default void featuresChanged(VhostDevice device, long features) {}

    /** A front-end connected. Nothing is negotiated yet. */
    default void newConnection(VhostDevice device) {}

    /** The connection ended; {@code device} and its id are not valid after this method returns. */
    default void destroyConnection(VhostDevice device) {}

    /** The guest was notified of used buffers; called on the thread that made the burst call. */
    default void guestNotified(VhostDevice device, int queueId) {}

    /**
     * The guest wants to be notified of used buffers; called on the thread that made the burst call, only when
     * {@link #offloadsGuestNotify} is true.
     *
     * @return true if the application will call {@link VhostDevice#notifyGuest} itself, later and from any thread; false to
     *     have the library notify at once
     */
    default boolean guestNotify(VhostDevice device, int queueId) {
        return false;
    }

    /**
     * Reads the device's configuration space (GET_CONFIG), if the protocol feature CONFIG is offered.
     *
     * @param offset first byte, with all of {@code into} inside 256 bytes
     * @param into receives the bytes
     * @return false if there is no such part; the front-end is told
     */
    default boolean getConfig(VhostDevice device, int offset, byte[] into) {
        return false;
    }

    /**
     * Writes the device's configuration space (SET_CONFIG), if the protocol feature CONFIG is offered.
     *
     * @param offset first byte, with all of {@code bytes} inside 256 bytes
     * @param migration whether the front-end restores the state of a migrated guest, rather than the guest writes
     * @return false if this part cannot be written; the front-end is told
     */
    default boolean setConfig(VhostDevice device, int offset, byte[] bytes, boolean migration) {
        return false;
    }

    /** Whether {@link #guestNotify} is to be called. Asked once, at registration. */
    default boolean offloadsGuestNotify() {
        return false;
    }
}
