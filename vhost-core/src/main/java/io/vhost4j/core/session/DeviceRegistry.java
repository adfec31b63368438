// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.VhostDevice;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The live devices of the process by id. Looking up takes no lock. */
public final class DeviceRegistry {
    /** The process's registry. */
    public static final DeviceRegistry GLOBAL = new DeviceRegistry();

    /** Replaced, never changed. */
    private volatile @Nullable VhostDevice[] devices = new VhostDevice[0];

    /** An empty registry. */
    public DeviceRegistry() {}

    /** The device with id {@code vid}, or null. */
    public @Nullable VhostDevice find(int vid) {
        @Nullable VhostDevice[] current = devices;
        return vid >= 0 && vid < current.length ? current[vid] : null;
    }

    /** Makes a device with the smallest free id. */
    synchronized <D extends VhostDevice> D register(DeviceFactory<D> factory) {
        int vid = 0;
        while (vid < devices.length && devices[vid] != null) {
            vid++;
        }
        @Nullable VhostDevice[] next = Arrays.copyOf(devices, Math.max(devices.length, vid + 1));
        D device = factory.create(vid);
        next[vid] = device;
        devices = next;
        return device;
    }

    /** Frees the id. */
    synchronized void remove(int vid) {
        @Nullable VhostDevice[] next = devices.clone();
        next[vid] = null;
        devices = next;
    }

    /** Makes a device for an id. */
    @FunctionalInterface
    interface DeviceFactory<D extends VhostDevice> {
        /** Makes the device. */
        D create(int vid);
    }
}
