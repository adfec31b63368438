// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import io.vhost4j.VhostException;
import io.vhost4j.drivers.vfio.VfioDevice;
import io.vhost4j.drivers.vfio.VfioLayout;
import org.jspecify.annotations.Nullable;

/**
 * Where a device has its registers, as its capabilities say (virtio 1.2 §4.1.4). What a capability says is not believed: the first of
 * each type whose window is inside a BAR that can be mapped is taken.
 *
 * @param common common configuration
 * @param doorbells the doorbells
 * @param doorbellStride bytes from the doorbell of one number to that of the next
 * @param config device configuration, or null
 * @param migration IFCVF's live migration block, or null
 */
record VirtioPciMap(
        Registers common,
        Registers doorbells,
        long doorbellStride,
        @Nullable Registers config,
        @Nullable Registers migration) {
    private static final int MAX_CAPABILITIES = 48;
    private static final int FIRST = 0x40;
    private static final int LAST = 0xfc;
    private static final long MIN_MIGRATION = 0x30;

    /**
     * Reads the capabilities.
     *
     * @throws VhostException if there is no usable common configuration or doorbell
     */
    static VirtioPciMap read(VfioDevice device) {
        Registers common = null;
        Registers notify = null;
        Registers config = null;
        long multiplier = 0;
        int at = device.config8(VfioLayout.PCI_CAPABILITIES) & LAST;
        for (int step = 0; at >= FIRST && step <= MAX_CAPABILITIES; step++) {
            if (step == MAX_CAPABILITIES) {
                throw failure(device, "its capabilities form a loop");
            }
            if (device.config8(at + PciLayout.CAP_ID) == PciLayout.CAP_VENDOR) {
                switch (device.config8(at + PciLayout.CAP_TYPE)) {
                    case PciLayout.TYPE_COMMON ->
                        common = common == null ? window(device, at, PciLayout.COMMON_BYTES) : common;
                    case PciLayout.TYPE_NOTIFY -> {
                        Registers found = notify == null ? window(device, at, Short.BYTES) : null;
                        if (found != null) {
                            notify = found;
                            multiplier = device.config32(at + PciLayout.CAP_MULTIPLIER);
                        }
                    }
                    case PciLayout.TYPE_DEVICE -> config = config == null ? window(device, at, 1) : config;
                    default -> {}
                }
            }
            at = device.config8(at + PciLayout.CAP_NEXT) & LAST;
        }
        if (common == null || notify == null) {
            throw failure(
                    device,
                    "no usable " + (common == null ? "common configuration" : "doorbells")
                            + " among its virtio capabilities; is it a virtio 1.0 device?");
        }
        return new VirtioPciMap(common, notify, multiplier, config, migration(device, common));
    }

    /** The registers that a capability describes, or null if they cannot be there. */
    private static @Nullable Registers window(VfioDevice device, int at, long leastBytes) {
        int bar = device.config8(at + PciLayout.CAP_BAR);
        long offset = device.config32(at + PciLayout.CAP_OFFSET);
        long bytes = device.config32(at + PciLayout.CAP_LENGTH);
        if (bar >= VfioLayout.BARS || bytes < leastBytes || offset % Integer.BYTES != 0) {
            return null;
        }
        VfioDevice.Region region = device.bar(bar);
        if (!region.mappable() || offset > region.size() || bytes > region.size() - offset) {
            return null;
        }
        return new Registers(bar, device.registers(bar), offset, bytes);
    }

    /** BAR 4, unless virtio's own registers are there. */
    private static @Nullable Registers migration(VfioDevice device, Registers common) {
        VfioDevice.Region region = device.bar(PciLayout.LM_BAR);
        if (common.bar() == PciLayout.LM_BAR || !region.mappable() || region.size() < MIN_MIGRATION) {
            return null;
        }
        return new Registers(PciLayout.LM_BAR, device.registers(PciLayout.LM_BAR), 0, region.size());
    }

    private static VhostException failure(VfioDevice device, String what) {
        return new VhostException("PCI device " + device.address() + ": " + what);
    }
}
