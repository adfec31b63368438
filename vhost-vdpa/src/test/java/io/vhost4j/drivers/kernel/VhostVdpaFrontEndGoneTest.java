// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.kernel;

import io.vhost4j.VirtioFeature;
import io.vhost4j.drivers.testkit.FrontEndGoneContract;
import io.vhost4j.vdpa.VdpaDevice;
import java.util.Map;

/** Of a device of the kernel's bus. */
class VhostVdpaFrontEndGoneTest extends FrontEndGoneContract {
    private final FakeVhostVdpa kernel = new FakeVhostVdpa();

    @Override
    protected VdpaDevice open() {
        kernel.features |= VirtioFeature.RING_PACKED.mask();
        return new VhostVdpaDriver(kernel).open("/dev/vhost-vdpa-0", Map.of());
    }

    @Override
    protected void beforeOperation(Runnable action) {
        kernel.beforeOperation = action;
    }

    @Override
    protected boolean isIdle() {
        return kernel.isIdle();
    }

    @Override
    protected boolean logs() {
        return false;
    }
}
