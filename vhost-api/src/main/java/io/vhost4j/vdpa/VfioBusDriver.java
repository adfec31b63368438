// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

import io.vhost4j.ConfigurationException;
import io.vhost4j.VhostDevice;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Bus driver {@code vfio}: hands out the descriptors by which another program drives a device itself. Only for devices that are
 * reached through VFIO.
 */
public final class VfioBusDriver implements VdpaBusDriver {
    private final Map<String, VdpaDevice> bound = new ConcurrentHashMap<>();

    /** With no device yet. */
    public VfioBusDriver() {}

    /**
     * What another program needs.
     *
     * @param groupFd the VFIO group's descriptor; stays the device's
     * @param deviceFd the VFIO device's descriptor, in which BARs and doorbells are; stays the device's
     */
    public record Handles(int groupFd, int deviceFd) {}

    @Override
    public String name() {
        return "vfio";
    }

    @Override
    public void bind(VdpaDevice device) {
        String name = device.identity().name();
        if (device.identity().dmaModel() != DmaModel.VFIO) {
            throw new ConfigurationException(name + ": is not reached through VFIO but by the DMA model "
                    + device.identity().dmaModel());
        }
        if (bound.putIfAbsent(name, device) != null) {
            throw new ConfigurationException(name + ": is bound already");
        }
    }

    @Override
    public void unbind(VdpaDevice device) {
        bound.remove(device.identity().name());
    }

    /**
     * The descriptors of a bound device.
     *
     * @param user whom the device serves
     */
    public Handles handles(VdpaDevice device, VhostDevice user) {
        if (!bound.containsKey(device.identity().name())) {
            throw new ConfigurationException(device.identity().name() + ": is not bound to vfio");
        }
        return new Handles(device.getVfioGroupFd(user), device.getVfioDeviceFd(user));
    }
}
