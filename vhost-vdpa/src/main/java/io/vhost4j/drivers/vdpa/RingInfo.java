// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import io.vhost4j.Vring;
import io.vhost4j.VringMemory;
import io.vhost4j.core.memory.GuestAccess;
import io.vhost4j.core.memory.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * A ring that a device is to serve. Host addresses were checked for the whole area, and hold until devClose.
 *
 * @param index its number
 * @param packed its layout
 * @param size descriptors
 * @param base where to start, as SET_VRING_BASE takes it
 * @param enabled whether the front-end enabled it
 * @param desc host address of the descriptors
 * @param driver host address of the available ring or driver event area
 * @param device host address of the used ring or device event area
 * @param descGpa guest address of the descriptors
 * @param driverGpa guest address of the available ring or driver event area
 * @param deviceGpa guest address of the used ring or device event area
 * @param logGpa where the log wants the used ring, -1 for where it is
 */
public record RingInfo(
        int index,
        boolean packed,
        int size,
        int base,
        boolean enabled,
        long desc,
        long driver,
        long device,
        long descGpa,
        long driverGpa,
        long deviceGpa,
        long logGpa) {
    /** The rings of {@code device} that run. */
    public static List<RingInfo> runningOf(VhostDevice device) {
        List<RingInfo> rings = new ArrayList<>();
        for (int i = 0; i < device.getVringNum(); i++) {
            if (device.getVhostVring(i).started()) {
                rings.add(of(device, i));
            }
        }
        return rings;
    }

    /**
     * One running ring.
     *
     * @throws VhostException if it does not run
     */
    public static RingInfo of(VhostDevice device, int index) {
        Vring ring = device.getVhostVring(index);
        VringMemory areas = device.getVringMemory(index);
        GuestMemory memory = memoryOf(device);
        long desc = areas.desc().address();
        long driver = areas.driver().address();
        long used = areas.device().address();
        return new RingInfo(
                index,
                ring.packed(),
                ring.size(),
                device.getVringBase(index),
                ring.enabled(),
                desc,
                driver,
                used,
                memory.toGuest(desc),
                memory.toGuest(driver),
                memory.toGuest(used),
                areas.logGuestAddr());
    }

    /**
     * The memory of a front-end.
     *
     * @throws VhostException if the device is not one of the library's
     */
    public static GuestMemory memoryOf(VhostDevice device) {
        return accessOf(device).guestMemory();
    }

    /** As above, with the dirty log. */
    public static GuestAccess accessOf(VhostDevice device) {
        if (device instanceof GuestAccess access) {
            return access;
        }
        throw new VhostException(device + ": is not a device of the library's");
    }

    /** The available half of {@link #base}. */
    public int availPosition() {
        return base & 0xffff;
    }
}
