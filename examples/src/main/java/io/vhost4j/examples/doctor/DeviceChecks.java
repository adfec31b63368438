// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.doctor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Devices that parts of the library work with. */
final class DeviceChecks {
    private static final Path DEV = Path.of("/dev");

    private DeviceChecks() {}

    static List<Finding> all() {
        return List.of(kvm(), iommu(), vfio(), vdpa(), vduse());
    }

    private static Finding kvm() {
        Path kvm = DEV.resolve("kvm");
        if (!Files.exists(kvm)) {
            return Finding.none("KVM", "no /dev/kvm; guests run by emulation, slowly");
        }
        return Files.isWritable(kvm)
                ? Finding.ok("KVM", "usable")
                : Finding.none("KVM", "/dev/kvm may not be opened; join its group");
    }

    private static Finding iommu() {
        int groups = Sysfs.names(Path.of("/sys/kernel/iommu_groups"), "*").size();
        return groups == 0
                ? Finding.none("IOMMU", "no groups; VFIO needs one: boot with intel_iommu=on or amd_iommu=on")
                : Finding.ok("IOMMU", groups + " groups");
    }

    private static Finding vfio() {
        if (!Files.exists(DEV.resolve("vfio/vfio"))) {
            return Finding.none("VFIO", "no /dev/vfio/vfio; modprobe vfio-pci for hardware vDPA");
        }
        List<String> groups = Sysfs.names(DEV.resolve("vfio"), "[0-9]*");
        return Finding.ok("VFIO", groups.isEmpty() ? "no device bound" : "groups " + String.join(", ", groups));
    }

    private static Finding vdpa() {
        List<String> devices = Sysfs.names(DEV, "vhost-vdpa*");
        return devices.isEmpty()
                ? Finding.none(
                        "vhost-vdpa", "no /dev/vhost-vdpa*; modprobe vhost-vdpa, and add a device with 'vdpa dev add'")
                : Finding.ok("vhost-vdpa", String.join(", ", devices));
    }

    private static Finding vduse() {
        return Files.exists(DEV.resolve("vduse/control"))
                ? Finding.ok("VDUSE", "/dev/vduse/control")
                : Finding.none("VDUSE", "no /dev/vduse/control; modprobe vduse");
    }
}
