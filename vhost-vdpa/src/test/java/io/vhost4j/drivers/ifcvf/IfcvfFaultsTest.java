// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.drivers.vfio.VfioLayout;
import io.vhost4j.vdpa.VdpaDevice;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Devices and kernels that do wrong: a clear exception or a failure that is told, and nothing left behind. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class IfcvfFaultsTest {
    private static final Map<String, String> RELAY = Map.of("sw-live-migration", "1");

    @TempDir
    private Path folder;

    private int number;

    /** Opening fails with a message, and all is given back. */
    private void openFails(Consumer<IfcvfRig> fault, String message) {
        try (IfcvfRig rig = new IfcvfRig(folder.resolve("" + number++), true, false, 1)) {
            fault.accept(rig);
            VhostException failure = assertThrows(VhostException.class, () -> rig.open(Map.of()));
            assertTrue(failure.getMessage().contains(message), failure.getMessage());
        }
    }

    /** Starting fails with a message, and all is undone; without the fault it starts. */
    private void startFails(Consumer<IfcvfRig> fault, Consumer<IfcvfRig> repair, String message) {
        try (IfcvfRig rig = new IfcvfRig(folder.resolve("" + number++), true, false, 1)) {
            VdpaDevice device = rig.open(Map.of());
            fault.accept(rig);
            VhostException failure = assertThrows(VhostException.class, () -> device.devConf(rig.guest.device));
            assertTrue(failure.getMessage().contains(message), failure.getMessage());
            assertEquals(0, rig.machine.mappings(), "mappings");
            assertEquals(0, rig.machine.interruptsOn(), "interrupts");
            repair.accept(rig);
            device.devConf(rig.guest.device);
            rig.exchange(0, 1);
        }
    }

    @Test
    void shouldRefuseADeviceThatDoesNotAnswer() {
        openFails(rig -> rig.hardware.gone = true, "all ones");
        openFails(rig -> rig.hardware.neverResets = true, "does not reset");
    }

    @Test
    void shouldNotBelieveCapabilities() {
        openFails(rig -> rig.hardware.loopCapabilities(), "loop");
        openFails(rig -> rig.hardware.capability(0, 1, 7, 0, 0x1000), "no usable common configuration");
        openFails(rig -> rig.hardware.capability(0, 1, 0, 0x10_0000, 0x1000), "no usable common configuration");
        openFails(rig -> rig.hardware.capability(0, 1, 0, 0xffff_fff0L, 0x1000), "no usable common configuration");
        openFails(rig -> rig.hardware.capability(0, 1, 0, 0, 55), "no usable common configuration");
        openFails(rig -> rig.hardware.capability(0, 1, 0, 0, 0xffff_ffffL), "no usable common configuration");
        openFails(rig -> rig.hardware.capability(1, 2, 2, 0, 0x1000), "no usable doorbells");
    }

    @Test
    void shouldUndoWhatWasDoneWhenAStepFails() {
        startFails(
                rig -> rig.machine.mapsUntilFailure = 1,
                rig -> rig.machine.mapsUntilFailure = -1,
                "limit of locked memory");
        startFails(
                rig -> rig.machine.ioctlErrno.put(VfioLayout.DEVICE_SET_IRQS, Errno.EINVAL),
                rig -> rig.machine.ioctlErrno.clear(),
                "interrupts cannot be had");
        startFails(rig -> rig.hardware.refuses = true, rig -> rig.hardware.refuses = false, "refuses the features");
        startFails(rig -> rig.hardware.noVectors = true, rig -> rig.hardware.noVectors = false, "interrupt vector");
        startFails(rig -> rig.hardware.gone = true, rig -> rig.hardware.gone = false, "all ones");
        startFails(rig -> rig.hardware.neverResets = true, rig -> rig.hardware.neverResets = false, "does not reset");
    }

    @Test
    void shouldRefuseRingsThatTheDeviceDoesNotHave() {
        try (IfcvfRig rig = new IfcvfRig(folder, true, false, 1)) {
            rig.machine.vectors = 2;
            VdpaDevice device = rig.open(Map.of());
            VhostException failure = assertThrows(VhostException.class, () -> device.devConf(rig.guest.device));
            assertTrue(failure.getMessage().contains("2 interrupt vectors"), failure.getMessage());
        }
    }

    @Test
    void shouldRespectTheLimitOfMappings() {
        try (IfcvfRig rig = new IfcvfRig(folder, true, false, 1)) {
            rig.machine.mapsAvailable = 1;
            VdpaDevice device = rig.open(Map.of());
            VhostException failure = assertThrows(VhostException.class, () -> device.devConf(rig.guest.device));
            assertTrue(failure.getMessage().contains("dma_entry_limit"), failure.getMessage());
            assertEquals(0, rig.machine.mappings());
        }
    }

    @Test
    void shouldResetADeviceWhoseRingsDoNotStop() {
        try (IfcvfRig rig = new IfcvfRig(folder, true, false, 1)) {
            VdpaDevice device = rig.open(Map.of());
            device.devConf(rig.guest.device);
            rig.exchange(0, 1);
            rig.hardware.neverStops = true;
            stopsBadly(rig, device, "does not stop");
            assertEquals(0, rig.hardware.status(), "reset all the same");
            assertEquals(1, rig.guest.bases[0], "the position that the guest sees");
            assertEquals(0, rig.machine.mappings());
        }
    }

    private static void stopsBadly(IfcvfRig rig, VdpaDevice device, String message) {
        VhostException failure = assertThrows(VhostException.class, () -> device.devClose(rig.guest.device));
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
        device.devClose(rig.guest.device);
    }

    /** Each ring alone would stop in time. */
    @Test
    void shouldNotWaitForRingsOneAfterTheOtherForLong() {
        int pairs = 8;
        try (IfcvfRig rig = new IfcvfRig(folder, true, false, pairs)) {
            rig.machine.vectors = 2 * pairs + 1;
            VdpaDevice device = rig.open(Map.of());
            device.devConf(rig.guest.device);
            rig.hardware.stopReads = 90;
            stopsBadly(rig, device, "all rings together have 200 ms");
            // a millisecond lies between two reads
            int waits = rig.hardware.stillRunning.get();
            assertTrue(waits <= 200 + 2 * pairs, waits + " ms waited for rings to stop");
            assertEquals(0, rig.hardware.status());
            assertEquals(0, rig.machine.mappings());
        }
    }

    @Test
    void shouldLetGoOfADeviceThatIsGone() {
        try (IfcvfRig rig = new IfcvfRig(folder, true, false, 1)) {
            VdpaDevice device = rig.open(Map.of());
            device.devConf(rig.guest.device);
            rig.exchange(0, 1);
            rig.hardware.gone = true;
            stopsBadly(rig, device, "all ones");
            assertEquals(1, rig.machine.resets, "through VFIO");
            assertEquals(1, rig.guest.bases[1]);
            assertEquals(0, rig.machine.mappings());
            assertEquals(0, rig.machine.interruptsOn());
        }
    }

    @Test
    void shouldTellOfADeviceThatLiesInAMediatedRing() throws Exception {
        for (boolean packed : new boolean[] {false, true}) {
            try (IfcvfRig rig = new IfcvfRig(folder.resolve("" + number++), true, packed, 1)) {
                VdpaDevice device = rig.open(RELAY);
                rig.guest.logging(true);
                device.devConf(rig.guest.device);
                rig.exchange(0, 1);
                rig.hardware.lies = true;
                long at = rig.guest.image.allocateWhole(4096, 8);
                rig.guest.offer(0, at, 2048, new byte[60], at + 2048);
                awaitFailure(rig, "the device's ring is broken");
            }
        }
    }

    @Test
    void shouldTellOfAGuestThatBreaksAMediatedRing() throws Exception {
        try (IfcvfRig rig = new IfcvfRig(folder, true, false, 1)) {
            VdpaDevice device = rig.open(RELAY);
            rig.guest.logging(true);
            device.devConf(rig.guest.device);
            ((io.vhost4j.core.testkit.SplitDriver) rig.guest.rings.get(0)).setAvailIdx(1000);
            rig.guest.kicks.get(0).signal();
            awaitFailure(rig, "the guest's ring is broken");
        }
    }

    @Test
    void shouldTellOfAGuestThatBreaksAPackedMediatedRing() throws Exception {
        try (IfcvfRig rig = new IfcvfRig(folder, true, true, 1)) {
            VdpaDevice device = rig.open(RELAY);
            rig.guest.logging(true);
            device.devConf(rig.guest.device);
            DriverRing ring = rig.guest.rings.get(0);
            ring.add(List.of(new DriverRing.Buffer(rig.guest.image.allocate(64, 8), 64, true)));
            rig.guest.image.set(ring.descGpa() + 12, 2, 999);
            rig.guest.kicks.get(0).signal();
            awaitFailure(rig, "the guest's ring is broken");
        }
    }

    private static void awaitFailure(IfcvfRig rig, String text) throws Exception {
        String failure = rig.failure.get(20, TimeUnit.SECONDS);
        assertTrue(failure.contains(text), failure);
    }
}
