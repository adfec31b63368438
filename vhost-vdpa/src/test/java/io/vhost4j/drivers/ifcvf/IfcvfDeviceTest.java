// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.drivers.testkit.FakeVfio;
import io.vhost4j.vdpa.DmaModel;
import io.vhost4j.vdpa.NotifyArea;
import io.vhost4j.vdpa.OperationGroup;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaDeviceKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver against a device at the level of registers, and a kernel at the level of calls. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class IfcvfDeviceTest {
    private static final Map<String, String> RELAY = Map.of("sw-live-migration", "1");
    private static final Map<String, String> GENERIC = Map.of("generic", "1");

    @TempDir
    private Path folder;

    @Test
    void shouldDescribeItself() {
        try (IfcvfRig rig = new IfcvfRig(folder, true, false, 4)) {
            VdpaDevice device = rig.open(Map.of("vdpa", "1"));
            assertEquals(FakeVfio.ADDRESS, device.identity().name());
            assertEquals(VdpaDeviceKind.PF, device.identity().kind());
            assertEquals(DmaModel.VFIO, device.identity().dmaModel());
            assertTrue(device.identity().groups().contains(OperationGroup.DOORBELL));
            assertTrue(device.identity().groups().contains(OperationGroup.MIGRATION));
            assertEquals(4, device.getQueueNum());
            long features = device.getFeatures();
            assertTrue(VirtioFeature.LOG_ALL.in(features));
            assertTrue(VirtioFeature.GUEST_ANNOUNCE.in(features), "which is the front-end's");
            assertFalse(VirtioFeature.ACCESS_PLATFORM.in(features));
            byte[] mac = new byte[6];
            assertTrue(device.getConfig(0, mac));
            assertArrayEquals(new byte[] {0x52, 0x54, 0, 0, 0, 7}, mac);
            assertFalse(device.getConfig(5000, mac));
        }
    }

    @Test
    void shouldWriteRegistersInOrder() {
        try (IfcvfRig rig = new IfcvfRig(folder, true, false, 1)) {
            VdpaDevice device = rig.open(Map.of());
            rig.guest.bases[0] = 5;
            rig.guest.bases[1] = 9;
            rig.hardware.writes.clear();
            rig.hardware.guest = null; // only registers
            device.devConf(rig.guest.device);
            String acknowledged = Long.toHexString(1L << 32 >>> 32);
            List<String> begin = List.of(
                    "status=0",
                    "status=1",
                    "status=3",
                    "driver_feature_select=0",
                    "driver_feature=0",
                    "driver_feature_select=1",
                    "driver_feature=" + acknowledged,
                    "status=b",
                    "config_vector=0");
            assertEquals(begin, rig.hardware.writes.subList(0, begin.size()));
            List<String> ring = rig.hardware.writes.subList(begin.size(), begin.size() + 11);
            assertEquals("select=0", ring.get(0));
            assertEquals(
                    List.of("desc_low", "desc_high", "driver_low", "driver_high", "device_low", "device_high"),
                    ring.subList(1, 7).stream()
                            .map(w -> w.substring(0, w.indexOf('=')))
                            .toList());
            assertEquals("desc_low=" + Long.toHexString(rig.guest.rings.get(0).descGpa()), ring.get(1));
            assertEquals(List.of("size=40", "lm.20=50005", "vector=1", "enable=1"), ring.subList(7, 11));
            List<String> second = rig.hardware.writes.subList(20, 31);
            assertEquals(List.of("size=40", "lm.24=90009", "vector=2", "enable=1"), second.subList(7, 11));
            assertEquals(List.of("lm.28=1", "status=f"), rig.hardware.writes.subList(31, 33));
            rig.hardware.writes.clear();
            device.devClose(rig.guest.device);
            assertEquals(
                    List.of(
                            "config_vector=ffff",
                            "select=0",
                            "enable=0",
                            "vector=ffff",
                            "select=1",
                            "enable=0",
                            "vector=ffff",
                            "status=0"),
                    rig.hardware.writes.subList(0, 8));
            assertEquals(0, rig.machine.mappings());
            assertEquals(0, rig.machine.interruptsOn());
        }
    }

    @ParameterizedTest
    @CsvSource({"true,false", "true,true", "false,false", "false,true"})
    void shouldMoveFramesOnAllPairs(boolean intel, boolean packed) {
        int pairs = intel ? 3 : 1;
        try (IfcvfRig rig = new IfcvfRig(folder, intel, packed, pairs)) {
            VdpaDevice device = rig.open(intel ? Map.of() : GENERIC);
            device.devConf(rig.guest.device);
            for (int i = 0; i < 150; i++) {
                rig.exchange(i % pairs, i);
            }
            if (intel) {
                assertEquals(
                        pairs,
                        rig.hardware.writes.stream()
                                        .filter(w -> w.equals("lm.28=" + pairs))
                                        .count()
                                * pairs);
            }
            device.devClose(rig.guest.device);
            assertPositions(rig, packed, 150 / pairs);
            assertEquals(0, rig.machine.mappings());
            assertNull(rig.failure.getNow(null));
        }
    }

    /** Behind as many chains as were used. */
    private static void assertPositions(IfcvfRig rig, boolean packed, int used) {
        for (int ring = 0; ring < rig.guest.bases.length; ring++) {
            int half = packed ? used % 64 | (used / 64 % 2 == 0 ? 0x8000 : 0) : used;
            assertEquals(packed ? half << 16 | half : half, rig.guest.bases[ring], "ring " + ring);
        }
    }

    @ParameterizedTest
    @CsvSource({"true,false", "true,true", "false,false", "false,true"})
    void shouldGoOnWhereItStopped(boolean intel, boolean packed) {
        try (IfcvfRig rig = new IfcvfRig(folder, intel, packed, 1)) {
            VdpaDevice device = rig.open(intel ? Map.of() : GENERIC);
            for (int round = 0; round < 5; round++) {
                device.devConf(rig.guest.device);
                for (int i = 0; i < 37; i++) {
                    rig.exchange(0, i);
                }
                device.devClose(rig.guest.device);
                assertPositions(rig, packed, 37 * (round + 1));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldHaveTheDeviceLog(boolean packed) {
        try (IfcvfRig rig = new IfcvfRig(folder, true, packed, 1)) {
            VdpaDevice device = rig.open(Map.of());
            device.devConf(rig.guest.device);
            rig.exchange(0, 1);
            rig.guest.logging(true);
            device.setFeatures(rig.guest.device);
            int at = rig.hardware.writes.indexOf("lm.0=1");
            assertEquals("lm.10=0", rig.hardware.writes.get(at - 4), "base, low half");
            assertEquals("lm.14=1", rig.hardware.writes.get(at - 3), "base, high half: behind the guest's memory");
            assertEquals("lm.18=100000", rig.hardware.writes.get(at - 2), "end, low half");
            long buffer = rig.exchange(0, 2);
            assertTrue(rig.guest.isMarked(buffer));
            device.devClose(rig.guest.device);
            assertTrue(rig.hardware.writes.contains("lm.0=0"));
            assertTrue(rig.guest.isMarked(rig.guest
                    .image
                    .memory()
                    .toGuest(rig.guest.rings.getFirst().setup(0, 0).device())));
            assertEquals(0, rig.machine.mappings());
        }
    }

    @ParameterizedTest
    @CsvSource({"true,false", "true,true", "false,false", "false,true"})
    void shouldMarkAllThatIsWrittenWhenItCarriesOver(boolean intel, boolean packed) {
        try (IfcvfRig rig = new IfcvfRig(folder, intel, packed, 1)) {
            Map<String, String> arguments = intel ? RELAY : Map.of("generic", "1", "sw-live-migration", "1");
            VdpaDevice device = rig.open(arguments);
            device.devConf(rig.guest.device);
            rig.exchange(0, 1);
            assertTrue(rig.machine.mappings() > 0);
            rig.guest.logging(true);
            device.setFeatures(rig.guest.device);
            for (int i = 0; i < 200; i++) {
                assertTrue(rig.guest.isMarked(rig.exchange(0, i)), "frame " + i);
            }
            assertTrue(rig.guest.isMarked(rig.guest.rings.getFirst().descGpa()) || !packed);
            assertFalse(rig.hardware.writes.contains("lm.0=1"), "the device itself does not log");
            rig.guest.logging(false);
            device.setFeatures(rig.guest.device);
            rig.exchange(0, 3);
            device.devClose(rig.guest.device);
            assertPositions(rig, packed, 202);
            assertNull(rig.failure.getNow(null));
        }
    }

    @Test
    void shouldExchangeTheCallDescriptorWhileItServes() {
        try (IfcvfRig rig = new IfcvfRig(folder, true, false, 1)) {
            VdpaDevice device = rig.open(Map.of());
            device.devConf(rig.guest.device);
            rig.exchange(0, 1);
            rig.guest.calls.set(0, replace(rig.guest.calls.get(0)));
            device.setVringCall(rig.guest.device, 0);
            rig.exchange(0, 2);
            assertEquals(3, rig.machine.interruptsOn());
        }
    }

    /** A device interrupts by event descriptors only: what else a guest is notified by needs the relay. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldRelayInterruptsToWhatTheDeviceCannotSignal(boolean packed) {
        try (IfcvfRig rig = new IfcvfRig(folder, true, packed, 1);
                UnixSocket.Pair pipe = UnixSocket.pair()) {
            VdpaDevice device = rig.open(Map.of());
            device.devConf(rig.guest.device);
            rig.exchange(0, 1);
            rig.guest.calls.set(
                    0,
                    replace(rig.guest.calls.get(0), FileCalls.dup(pipe.first().fd())));
            device.setVringCall(rig.guest.device, 0);
            rig.offer(0, 2);
            assertTrue(Poll.await(pipe.second().fd(), Poll.IN, 10_000) != 0, "the guest is notified");
            assertEquals(1, rig.guest.rings.get(0).collect().size());
            assertEquals(1, rig.guest.rings.get(1).collect().size());
            rig.guest.calls.set(0, replace(rig.guest.calls.get(0)));
            device.setVringCall(rig.guest.device, 0);
            rig.exchange(0, 3);
            assertEquals(3, rig.machine.interruptsOn());
        }
    }

    private static EventFd replace(EventFd old, OwnedFd next) {
        old.close();
        return EventFd.adopt(next);
    }

    private static EventFd replace(EventFd old) {
        old.close();
        return EventFd.create();
    }

    @Test
    void shouldServeOnlyRingsThatAreEnabled() {
        try (IfcvfRig rig = new IfcvfRig(folder, true, false, 2)) {
            VdpaDevice device = rig.open(Map.of());
            rig.guest.enabled[2] = false;
            rig.guest.enabled[3] = false;
            device.devConf(rig.guest.device);
            assertTrue(rig.hardware.writes.contains("lm.28=1"));
            // memory stays mapped: pinning a large guest would hold up all others
            rig.machine.mapsUntilFailure = 0;
            rig.guest.enabled[2] = true;
            device.setVringState(rig.guest.device, 2, true);
            rig.guest.enabled[3] = true;
            device.setVringState(rig.guest.device, 3, true);
            assertTrue(rig.hardware.writes.contains("lm.28=2"));
            rig.exchange(1, 1);
            device.devClose(rig.guest.device);
            assertEquals(0, rig.machine.mappings());
        }
    }

    @Test
    void shouldOfferDoorbellsOfWholePages() {
        try (IfcvfRig rig = new IfcvfRig(folder, true, false, 1)) {
            VdpaDevice device = rig.open(Map.of());
            assertNull(device.getNotifyArea(rig.guest.device, 0), "not while it does not serve");
            device.devConf(rig.guest.device);
            assertEquals(List.of(0, 1), rig.guest.doorbells);
            NotifyArea area = device.getNotifyArea(rig.guest.device, 1);
            assertNotNull(area);
            assertEquals(new NotifyArea(0x3000 + 4096, 4096), area);
            assertTrue(device.getVfioDeviceFd(rig.guest.device) >= 0);
            device.devClose(rig.guest.device);
            assertEquals(List.of(), rig.guest.doorbells);
        }
        try (IfcvfRig rig = new IfcvfRig(folder.resolve("2"), false, false, 1)) {
            VdpaDevice device = rig.open(GENERIC);
            device.devConf(rig.guest.device);
            assertEquals(List.of(), rig.guest.doorbells, "doorbells that share a page");
        }
    }

    @Test
    void shouldTakeOnlyDevicesThatWereAskedFor() {
        try (IfcvfRig rig = new IfcvfRig(folder, false, false, 1)) {
            ConfigurationException failure = assertThrows(ConfigurationException.class, () -> rig.open(Map.of()));
            assertTrue(failure.getMessage().contains("generic=1"), failure.getMessage());
            assertThrows(ConfigurationException.class, () -> rig.open(Map.of("generic", "yes")));
            assertThrows(ConfigurationException.class, () -> rig.open(Map.of("vdpa", "0")));
            assertThrows(ConfigurationException.class, () -> rig.open(Map.of("colour", "red")));
        }
    }
}
