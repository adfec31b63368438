// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vfio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.drivers.testkit.FakeVfio;
import io.vhost4j.drivers.testkit.FakeVirtioPci;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
@Timeout(60)
class VfioDeviceTest {
    @TempDir
    private Path folder;

    private final FakeVfio machine = new FakeVfio(new FakeVirtioPci(true, 1));

    private void fails(SysPci sys, String message) {
        VhostException failure =
                assertThrows(VhostException.class, () -> VfioDevice.open(machine, sys, FakeVfio.ADDRESS));
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
        machine.allClosed();
    }

    @Test
    void shouldOpenADevice() {
        SysPci sys = machine.sysfs(folder);
        assertEquals(List.of(FakeVfio.ADDRESS), sys.boundToVfio());
        try (VfioDevice device = VfioDevice.open(machine, sys, FakeVfio.ADDRESS)) {
            assertEquals(16, device.vectors());
            assertEquals(0x1af4, device.config16(0));
            assertEquals(6, device.config16(4) & 6, "memory space and bus master are on");
            assertEquals(0x1000, device.bar(4).size());
            assertThrows(VhostException.class, () -> device.config32(254));
            assertThrows(VhostException.class, () -> device.registers(2));
        }
    }

    @Test
    void shouldSayWhatHasToBeDoneInSysfs() throws IOException {
        fails(new SysPci(folder.resolve("none")), "lspci");
        SysPci sys = machine.sysfs(folder);
        Path device = folder.resolve(FakeVfio.ADDRESS);
        Files.delete(device.resolve("driver"));
        fails(sys, "no driver has it");
        Files.createSymbolicLink(device.resolve("driver"), Path.of("../../drivers/virtio-pci"));
        fails(sys, "driver virtio-pci has it, and vfio-pci must. As root: modprobe vfio-pci; echo " + FakeVfio.ADDRESS);
        Files.delete(device.resolve("iommu_group"));
        fails(sys, "intel_iommu=on");
    }

    @Test
    void shouldSayWhatIsWrongWithFiles() {
        SysPci sys = machine.sysfs(folder);
        machine.openErrno.put("/dev/vfio/vfio", Errno.ENOENT);
        fails(sys, "modprobe vfio-pci");
        machine.openErrno.put("/dev/vfio/vfio", Errno.EACCES);
        fails(sys, "no permission");
        machine.openErrno.clear();
        machine.openErrno.put("/dev/vfio/" + FakeVfio.GROUP, Errno.EBUSY);
        fails(sys, "another process has it");
    }

    @Test
    void shouldSayWhatIsWrongWithVfio() {
        SysPci sys = machine.sysfs(folder);
        machine.apiVersion = 7;
        fails(sys, "version 7");
        machine.apiVersion = 0;
        machine.types = List.of();
        fails(sys, "vfio_iommu_type1");
        machine.types = List.of(VfioLayout.TYPE1);
        machine.viable = false;
        fails(sys, "other devices");
        machine.viable = true;
        machine.ioctlErrno.put(VfioLayout.SET_IOMMU, Errno.EPERM);
        fails(sys, "allow_unsafe_interrupts");
        machine.ioctlErrno.clear();
        machine.ioctlErrno.put(VfioLayout.GROUP_GET_DEVICE_FD, Errno.ENODEV);
        fails(sys, "gives no descriptor: ENODEV");
        machine.ioctlErrno.clear();
        machine.ioctlErrno.put(VfioLayout.DEVICE_GET_INFO, Errno.EIO);
        fails(sys, "EIO");
        machine.ioctlErrno.clear();
        machine.device.gone = true;
        fails(sys, "all ones");
    }

    @Test
    void shouldMapOnlyWhatTheIommuHas() {
        try (VfioDevice device = VfioDevice.open(machine, machine.sysfs(folder), FakeVfio.ADDRESS)) {
            VfioContainer container = device.container();
            container.map(0x10_0000, 0x4000_0000, 0x1800);
            assertEquals(1, machine.mappings());
            assertMessage("reserved", () -> container.map(0x10_0000, 0xfee0_0000L, 0x1000));
            assertMessage("reserved", () -> container.map(0x10_0000, 1L << 50, 0x1000));
            assertMessage("different places", () -> container.map(0x10_0000, 0x5000_0100, 0x1000));
            assertMessage("EEXIST", () -> container.map(0x10_0000, 0x4000_1000, 0x1000));
            container.unmap(0x4000_0000, 0x1800);
            assertEquals(0, machine.mappings());
            assertMessage("EINVAL", () -> container.unmap(0x4000_0000, 0x1800));
        }
    }

    private static void assertMessage(String text, Runnable action) {
        VhostException failure = assertThrows(VhostException.class, action::run);
        assertTrue(failure.getMessage().contains(text), failure.getMessage());
    }
}
