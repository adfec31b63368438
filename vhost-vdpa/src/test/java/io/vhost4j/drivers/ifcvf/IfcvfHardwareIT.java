// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.drivers.testkit.StubGuest;
import io.vhost4j.vdpa.VdpaDevice;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A PCI device bound to vfio-pci, named by the property {@code vhost4j.vdpa.device}, whose wire ends at an interface with the address
 * 10.0.0.1 that answers ARP. {@code main} does the same without JUnit's launcher, for machines that have only a JDK.
 */
@Tag("vfio")
@EnabledIfSystemProperty(named = "vhost4j.vdpa.device", matches = ".+", disabledReason = "no device named")
@Timeout(120)
class IfcvfHardwareIT {
    private static final int FRAMES = 200;
    private static final int BUFFER = 2048;
    private static final int IMAGE = 1 << 21;
    private static final int WAIT_MILLIS = 5000;

    private static final byte[] REQUEST = {
        -1, -1, -1, -1, -1, -1, 0x52, 0x54, 0, 0, 0, 2, 8, 6, // broadcast, from 52:54:00:00:00:02, ARP
        0, 1, 8, 0, 6, 4, 0, 1, 0x52, 0x54, 0, 0, 0, 2, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    };

    private int interrupts;

    public static void main(String[] args) {
        boolean packed = args.length > 1 && args[1].equals("packed");
        new IfcvfHardwareIT().exchange(args[0], packed, false);
        new IfcvfHardwareIT().exchange(args[0], packed, true);
    }

    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void shouldInterruptAndMarkAllThatItWrites(boolean packed, boolean logs) {
        exchange(System.getProperty("vhost4j.vdpa.device"), packed, logs);
    }

    private void exchange(String address, boolean packed, boolean logs) {
        AtomicReference<String> failure = new AtomicReference<>();
        try (StubGuest guest = new StubGuest(packed, 2);
                VdpaDevice device = new IfcvfDriver().open(address, Map.of("sw-live-migration", "1", "generic", "1"))) {
            device.onFailure(failure::set);
            assertTrue(!packed || VirtioFeature.RING_PACKED.in(device.getFeatures()), "the device has packed rings");
            guest.logging(logs);
            device.setFeatures(guest.device);
            device.devConf(guest.device);
            int answers = 0;
            for (int i = 0; i < FRAMES; i++) {
                answers += ask(guest, logs) ? 1 : 0;
            }
            device.devClose(guest.device);
            assertNull(failure.get());
            assertTrue(answers > FRAMES / 2, answers + " answers to " + FRAMES + " ARP requests");
            assertTrue(interrupts >= FRAMES, interrupts + " interrupts");
            System.out.println("checked: packed=" + packed + ", frames=" + FRAMES + ", answers=" + answers
                    + ", interrupts=" + interrupts + (logs ? ", every page that was written is marked" : ""));
        }
    }

    /** Sends a request; whether what came back is the answer. Each page that the device changed must be marked. */
    private boolean ask(StubGuest guest, boolean logs) {
        long buffer = guest.image.allocateWhole(BUFFER, 8);
        long out = guest.image.allocateWhole(128, 8);
        byte[] before = guest.image.read(GuestImage.BASE, IMAGE);
        if (logs) {
            guest.clearLog();
        }
        guest.offer(0, buffer, BUFFER, REQUEST, out);
        long deadline = System.nanoTime() + WAIT_MILLIS * 1_000_000L;
        List<DriverRing.Used> got = List.of();
        while (got.isEmpty() && System.nanoTime() < deadline) {
            interrupts += Poll.await(guest.calls.get(0).fd(), Poll.IN, WAIT_MILLIS) == 0 ? 0 : 1;
            guest.calls.get(0).drain();
            got = guest.rings.get(0).collect();
        }
        assertEquals(1, got.size(), "frames that came");
        guest.rings.get(1).collect();
        assertTrue(!logs || guest.isMarked(buffer), "page of the buffer");
        assertTrue(!logs || guest.isMarked(buffer + 12 + 59), "page of its end");
        byte[] frame = guest.image.read(buffer + 12, 42);
        assertFalse(Arrays.equals(frame, Arrays.copyOfRange(before, (int) (buffer + 12 - GuestImage.BASE), (int)
                (buffer + 12 + 42 - GuestImage.BASE))));
        return frame[12] == 8 && frame[13] == 6 && frame[21] == 2;
    }
}
