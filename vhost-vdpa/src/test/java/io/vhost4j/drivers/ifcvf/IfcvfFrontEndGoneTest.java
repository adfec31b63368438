// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import io.vhost4j.VhostDevice;
import io.vhost4j.drivers.testkit.FakeVfio;
import io.vhost4j.drivers.testkit.FakeVirtioPci;
import io.vhost4j.drivers.testkit.FrontEndGoneContract;
import io.vhost4j.drivers.vdpa.RingInfo;
import io.vhost4j.vdpa.VdpaDevice;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Of an IFCVF, which logs itself or through mediated rings. */
@ParameterizedClass
@ValueSource(strings = {"0", "1"})
class IfcvfFrontEndGoneTest extends FrontEndGoneContract {
    @Parameter
    String mediates;

    private final FakeVirtioPci hardware = new FakeVirtioPci(true, 1);
    private final FakeVfio machine = new FakeVfio(hardware);

    @AfterEach
    void close() {
        machine.close();
    }

    @Override
    protected VdpaDevice open() {
        return new IfcvfDriver(machine, machine.sysfs(folder.resolve("sys")))
                .open(FakeVfio.ADDRESS, Map.of("sw-live-migration", mediates));
    }

    @Override
    protected void served(VhostDevice device) {
        hardware.guest = RingInfo.memoryOf(device);
    }

    @Override
    protected void beforeOperation(Runnable action) {
        hardware.beforeOperation = action;
    }

    @Override
    protected boolean isIdle() {
        return machine.mappings() == 0 && machine.interruptsOn() == 0 && hardware.status() == 0;
    }

    @Override
    protected boolean logs() {
        return true;
    }
}
