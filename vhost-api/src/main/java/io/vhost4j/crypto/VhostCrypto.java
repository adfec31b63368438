// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import io.vhost4j.ConfigurationException;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDriver;
import io.vhost4j.spi.CryptoProvider;
import io.vhost4j.spi.VhostProvider;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A virtio-crypto device of a guest; mirrors the functions {@code rte_vhost_crypto_*}.
 *
 * <p>Register a driver; in its {@code newConnection} callback {@link #create} the device, in {@code destroyConnection} {@link #close} it;
 * start the driver by {@link #driverStart}. From {@code newDevice} to {@code destroyDevice} call {@link #poll} for each ring, from any
 * threads, one thread at a time for each ring. Or, with a crypto device that works asynchronously, {@link #fetchRequests} and later
 * {@link #finalizeRequests}.
 *
 * <p>Sessions of the front-end's messages are served by themselves. Keys are wiped when their session is closed, at the latest at the end of the
 * connection.
 */
public interface VhostCrypto extends AutoCloseable {
    /**
     * Starts a registered driver as a virtio-crypto device's: sets its features, and starts it; mirrors
     * {@code rte_vhost_crypto_driver_start}.
     *
     * @param path as registered
     * @throws ConfigurationException as {@link VhostDriver#start}, or if no driver is registered for {@code path}
     */
    static void driverStart(Path path) {
        driverStart(path, CryptoOptions.DEFAULT);
    }

    /** As {@link #driverStart(Path)}, with options, which are to be those of {@link #create}. */
    static void driverStart(Path path, CryptoOptions options) {
        CryptoProvider.instance().start(VhostProvider.instance().driver(path), options);
    }

    /**
     * Makes a device of a connection a virtio-crypto device; mirrors {@code rte_vhost_crypto_create}. Call it from the
     * {@code newConnection} callback. Takes the place of {@link VhostDevice#externCallbackRegister}.
     *
     * @param crypto does the cryptography; stays the caller's, and may be shared
     * @return to be closed in {@code destroyConnection}
     * @throws ConfigurationException if the device's driver was not started by {@link #driverStart}
     */
    static VhostCrypto create(VhostDevice device, CryptoDevice crypto, CryptoOptions options) {
        return CryptoProvider.instance().create(device, crypto, options);
    }

    /** The crypto device that was created for the device with id {@code vid}, null if there is none. */
    static @Nullable VhostCrypto of(int vid) {
        return CryptoProvider.instance().find(vid);
    }

    /** Closes the crypto device of the device with id {@code vid}, if there is one; mirrors {@code rte_vhost_crypto_free}. */
    static void free(int vid) {
        VhostCrypto found = of(vid);
        if (found != null) {
            found.close();
        }
    }

    /** The device. */
    VhostDevice device();

    /**
     * Takes requests out of a data queue; mirrors {@code rte_vhost_crypto_fetch_requests}. Requests that cannot be right are answered and
     * not returned. In the control queue, does what it asks for and returns 0.
     *
     * @param requests receives them at {@code from} and up
     * @return how many were stored
     */
    int fetchRequests(int queueId, CryptoRequest[] requests, int from, int count);

    /**
     * Gives completed requests of this device back to the guest, and notifies it; mirrors {@code rte_vhost_crypto_finalize_requests}. Requests of a
     * queue go back in the order in which they were fetched: one that completed early waits for those before it. Requests fetched before
     * their ring was stopped, or whose memory is gone, go nowhere. None of the requests may be used afterwards.
     */
    void finalizeRequests(CryptoRequest[] requests, int from, int count);

    /**
     * As above, but leaves the notifications to {@code calls}.
     *
     * @param calls receives the queues whose guests are to be notified
     */
    void finalizeRequests(CryptoRequest[] requests, int from, int count, CallList calls);

    /**
     * Serves some requests of a queue: fetches them, has the crypto device work on them, and gives back what is complete.
     *
     * @return how many were fetched and given back; 0 means that there was nothing to do
     */
    int poll(int queueId);

    /**
     * Whether the crypto device may work in guest memory itself; mirrors {@code rte_vhost_crypto_set_zero_copy}. Requests are
     * always copied before they are judged, since the guest can change them at any time, so this changes nothing.
     *
     * @return whether it does: false
     */
    boolean setZeroCopy(boolean wanted);

    /**
     * The device's configuration space (virtio 1.2 §5.9.5), for {@code VhostDeviceOps.getConfig}.
     *
     * @param offset in bytes
     * @param bytes receives what is there; 0 behind its end
     * @return true
     */
    boolean getConfig(int offset, byte[] bytes);

    /** What has happened so far. */
    CryptoCounters counters();

    /** Closes all sessions and wipes their keys. Requests that come afterwards are not served. Closing twice does nothing. */
    @Override
    void close();
}
