// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.spi;

import io.vhost4j.ConfigurationException;
import io.vhost4j.DriverFlag;
import io.vhost4j.QueueWaiter;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDriver;
import io.vhost4j.VhostException;
import io.vhost4j.packet.PacketPool;
import java.nio.file.Path;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** The implementation behind the API, found by {@link ServiceLoader}. */
public interface VhostProvider {
    /**
     * The provider on the module or class path.
     *
     * @throws ConfigurationException if there is none
     */
    static VhostProvider instance() {
        return ProviderHolder.INSTANCE;
    }

    /** See {@link VhostDriver#register}. */
    VhostDriver register(Path path, DriverFlag... flags);

    /**
     * The driver registered for {@code path}.
     *
     * @throws ConfigurationException if none is
     */
    VhostDriver driver(Path path);

    /** See {@link VhostDriver#unregister}. */
    void unregister(Path path);

    /** The live device with this id, or null. */
    @Nullable
    VhostDevice deviceOrNull(int vid);

    /** See {@link PacketPool.Builder#build}. */
    PacketPool createPool(PacketPool.Builder settings);

    /** See {@link QueueWaiter.Builder#build}. */
    QueueWaiter createWaiter(QueueWaiter.Builder settings);

    /** See {@link VhostDriver#warmUp}. */
    void warmUp();

    /** See {@link io.vhost4j.Vhost#device}. */
    default VhostDevice device(int vid) {
        VhostDevice device = deviceOrNull(vid);
        if (device == null) {
            throw new VhostException("vid=" + vid + ": no such device; it may have disconnected");
        }
        return device;
    }
}
