// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

import io.vhost4j.VhostDriver;

/** Bus driver {@code vhost}: a socket's front-ends get the device. */
record VhostBusDriver(VhostDriver driver) implements VdpaBusDriver {
    @Override
    public String name() {
        return "vhost";
    }

    @Override
    public void bind(VdpaDevice device) {
        driver.attachVdpaDevice(device);
    }

    @Override
    public void unbind(VdpaDevice device) {
        driver.detachVdpaDevice();
    }
}
