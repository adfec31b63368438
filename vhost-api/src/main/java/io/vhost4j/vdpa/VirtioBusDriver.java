// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

import io.vhost4j.ConfigurationException;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.VhostDriver;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Bus driver {@code virtio}: the in-process front-end (virtio-user) drives a device. What it agrees on with the device goes over a
 * socket without a name in the file system; packets go between its rings and the device and nowhere else. One device at a time.
 */
public final class VirtioBusDriver implements VdpaBusDriver {
    private static final AtomicLong NUMBER = new AtomicLong();

    private final Path endpoint =
            Path.of("@vhost4j-vdpa-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet());
    private @Nullable VhostDriver driver;

    /** With no device yet. */
    public VirtioBusDriver() {}

    /** The library moves no packets itself. */
    private static final class Silent implements VhostDeviceOps {
        @Override
        public void newDevice(VhostDevice device) {}

        @Override
        public void destroyDevice(VhostDevice device) {}
    }

    @Override
    public String name() {
        return "virtio";
    }

    /** What the front-end connects to, while a device is bound: give it to {@code VirtioUser.builder}. */
    public Path endpoint() {
        return endpoint;
    }

    @Override
    public synchronized void bind(VdpaDevice device) {
        if (driver != null) {
            throw new ConfigurationException(endpoint + ": drives a device already: unbind it first");
        }
        VhostDriver made = VhostDriver.register(endpoint);
        try {
            made.callbackRegister(new Silent());
            made.attachVdpaDevice(device);
            made.start();
        } catch (RuntimeException e) {
            made.close();
            throw e;
        }
        driver = made;
    }

    @Override
    public synchronized void unbind(VdpaDevice device) {
        VhostDriver used = driver;
        driver = null;
        if (used != null) {
            used.close();
        }
    }
}
