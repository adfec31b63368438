// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vfio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.drivers.ifcvf.IfcvfDriver;
import io.vhost4j.drivers.sim.SimDriver;
import io.vhost4j.drivers.testkit.FakeVfio;
import io.vhost4j.drivers.testkit.FakeVirtioPci;
import io.vhost4j.drivers.testkit.StubGuest;
import io.vhost4j.vdpa.VdpaBus;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VfioBusDriver;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Devices whose descriptors are handed out. */
@ExtendWith(LeakCheck.class)
class VfioBusDriverTest {
    @TempDir
    private Path folder;

    private final VfioBusDriver driver = new VfioBusDriver();

    private static String failure(Runnable action) {
        return String.valueOf(
                assertThrows(ConfigurationException.class, action::run).getMessage());
    }

    @Test
    void shouldHandOutTheDescriptorsOfBoundDevices() {
        try (FakeVfio machine = new FakeVfio(new FakeVirtioPci(true, 1));
                StubGuest guest = new StubGuest(false, 2)) {
            VdpaBus bus = new VdpaBus(List.of(new IfcvfDriver(machine, machine.sysfs(folder))));
            VdpaDevice device = bus.add(FakeVfio.ADDRESS);
            assertTrue(failure(() -> driver.handles(device, guest.device)).contains("is not bound to vfio"));
            bus.bind(FakeVfio.ADDRESS, driver);
            assertEquals("vfio", bus.userOf(FakeVfio.ADDRESS));
            VfioBusDriver.Handles handles = driver.handles(device, guest.device);
            assertEquals("group", machine.fileOf(handles.groupFd()));
            assertEquals("device", machine.fileOf(handles.deviceFd()));
            assertNotEquals(handles.groupFd(), handles.deviceFd());
            assertTrue(failure(() -> driver.bind(device)).contains("is bound already"));
            bus.unbind(FakeVfio.ADDRESS);
            assertTrue(failure(() -> driver.handles(device, guest.device)).contains("is not bound to vfio"));
            bus.bind(FakeVfio.ADDRESS, driver);
            bus.unbind(FakeVfio.ADDRESS);
            bus.delete(FakeVfio.ADDRESS);
        }
    }

    @Test
    void shouldRefuseDevicesThatAreReachedOtherwise() {
        VdpaBus bus = new VdpaBus(List.of(new SimDriver()));
        bus.add("sim:loopback");
        assertTrue(failure(() -> bus.bind("sim:loopback", driver)).contains("DMA model VIRTIO"));
        assertEquals("", bus.userOf("sim:loopback"), "nothing has changed");
        bus.delete("sim:loopback");
    }
}
