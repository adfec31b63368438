// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import io.vhost4j.drivers.vfio.SysPci;
import io.vhost4j.vdpa.VdpaDeviceType;
import org.jspecify.annotations.Nullable;

/** Which PCI devices are IFCVF's, and which are virtio's. */
final class IfcvfIds {
    private static final int VIRTIO = 0x1af4;
    private static final int INTEL = 0x8086;
    private static final int NET = 0x1041;
    private static final int NET_TRANSITIONAL = 0x1000;
    private static final int BLK = 0x1042;
    private static final int BLK_TRANSITIONAL = 0x1001;

    private IfcvfIds() {}

    /** What a virtio device is to the guest; null if it is none of those that can be served. */
    static @Nullable VdpaDeviceType typeOf(SysPci.Ids ids) {
        if (ids.vendor() != VIRTIO) {
            return null;
        }
        return switch (ids.device()) {
            case NET, NET_TRANSITIONAL -> VdpaDeviceType.NET;
            case BLK, BLK_TRANSITIONAL -> VdpaDeviceType.BLK;
            default -> null;
        };
    }

    /** Whether it is one of Intel's. */
    static boolean isIfcvf(SysPci.Ids ids) {
        if (ids.vendor() != VIRTIO || ids.subsystemVendor() != INTEL) {
            return false;
        }
        int subsystem = ids.subsystem();
        return switch (ids.device()) {
            case NET -> subsystem == 0x001a;
            case NET_TRANSITIONAL -> subsystem == 0x0001;
            case BLK, BLK_TRANSITIONAL -> subsystem == 0x0002 || subsystem == 0x0000;
            default -> false;
        };
    }
}
