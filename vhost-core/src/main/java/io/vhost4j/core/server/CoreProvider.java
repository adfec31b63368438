// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import io.vhost4j.ConfigurationException;
import io.vhost4j.DriverFlag;
import io.vhost4j.QueueWaiter;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDriver;
import io.vhost4j.core.net.WarmUp;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.session.DeviceRegistry;
import io.vhost4j.core.session.KickWaiter;
import io.vhost4j.packet.PacketPool;
import io.vhost4j.spi.KernelFrontend;
import io.vhost4j.spi.VhostProvider;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The library's implementation of the API. */
public final class CoreProvider implements VhostProvider {
    private static final int MAX_PATH_BYTES = 107;

    /** One for all instances: sockets are the process's. */
    private static final Map<String, DriverImpl> DRIVERS = new ConcurrentHashMap<>();

    /** For {@link java.util.ServiceLoader}. */
    public CoreProvider() {}

    @Override
    public VhostDriver register(Path path, DriverFlag... flags) {
        Set<DriverFlag> set = EnumSet.noneOf(DriverFlag.class);
        set.addAll(List.of(flags));
        check(path, set);
        String key = key(path);
        KernelFrontend kernel = kernelOf(path);
        if (kernel != null && set.contains(DriverFlag.CLIENT)) {
            throw new ConfigurationException(path + ": the kernel connects here: leave out CLIENT");
        }
        DriverImpl driver = new DriverImpl(path, set, () -> DRIVERS.remove(key), kernel);
        if (DRIVERS.putIfAbsent(key, driver) != null) {
            throw new ConfigurationException(path + " is registered already: close its driver first");
        }
        return driver;
    }

    @Override
    public VhostDriver driver(Path path) {
        DriverImpl driver = DRIVERS.get(key(path));
        if (driver == null) {
            throw new ConfigurationException(path + ": no driver is registered for it");
        }
        return driver;
    }

    @Override
    public void unregister(Path path) {
        driver(path).close();
    }

    @Override
    public @Nullable VhostDevice deviceOrNull(int vid) {
        return DeviceRegistry.GLOBAL.find(vid);
    }

    @Override
    public PacketPool createPool(PacketPool.Builder settings) {
        return new BufferPool(settings);
    }

    @Override
    public QueueWaiter createWaiter(QueueWaiter.Builder settings) {
        return new KickWaiter(settings);
    }

    @Override
    public void warmUp() {
        WarmUp.run();
    }

    /** What makes the kernel the front-end of a driver with this path, or null. */
    private static @Nullable KernelFrontend kernelOf(Path path) {
        return ServiceLoader.load(KernelFrontend.class, KernelFrontend.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .filter(candidate -> candidate.serves(path))
                .findFirst()
                .orElse(null);
    }

    private static String key(Path path) {
        String text = path.toString();
        return SocketFile.isAbstract(text)
                ? text
                : path.toAbsolutePath().normalize().toString();
    }

    private static void check(Path path, Set<DriverFlag> flags) {
        String text = path.toString();
        int bytes = text.getBytes(StandardCharsets.UTF_8).length - (SocketFile.isAbstract(text) ? 1 : 0);
        if (bytes < 1 || bytes > MAX_PATH_BYTES) {
            throw new ConfigurationException("socket path of " + bytes + " bytes: must have 1 to " + MAX_PATH_BYTES
                    + ", choose another: " + text);
        }
        for (DriverFlag flag : List.of(DriverFlag.NO_RECONNECT, DriverFlag.ASYNC_CONNECT)) {
            if (flags.contains(flag) && !flags.contains(DriverFlag.CLIENT)) {
                throw new ConfigurationException(path + ": " + flag + " makes sense with CLIENT only: add it");
            }
        }
    }
}
