// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.drivers.testkit.FakeVfio;
import io.vhost4j.drivers.testkit.FakeVirtioPci;
import io.vhost4j.drivers.testkit.StubGuest;
import io.vhost4j.vdpa.VdpaDevice;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A guest, a device, and the driver between them. */
final class IfcvfRig implements AutoCloseable {
    private static final int BUFFER = 2048;
    private static final int WAIT_MILLIS = 10_000;

    final FakeVirtioPci hardware;
    final FakeVfio machine;
    final StubGuest guest;
    final IfcvfDriver driver;
    final CompletableFuture<String> failure = new CompletableFuture<>();

    @Nullable
    VdpaDevice device;

    IfcvfRig(Path folder, boolean intel, boolean packed, int pairs) {
        hardware = new FakeVirtioPci(intel, pairs);
        machine = new FakeVfio(hardware);
        guest = new StubGuest(packed, 2 * pairs);
        hardware.guest = guest.image.memory();
        driver = new IfcvfDriver(machine, machine.sysfs(folder));
    }

    VdpaDevice open(Map<String, String> arguments) {
        VdpaDevice opened = driver.open(FakeVfio.ADDRESS, arguments);
        opened.onFailure(failure::complete);
        device = opened;
        return opened;
    }

    /** Sends a frame and checks that it comes back; returns the guest address of the buffer it came in. */
    long exchange(int pair, int number) {
        long buffer = offer(pair, number);
        byte[] frame = frame(number);
        List<DriverRing.Used> used = awaitUsed(2 * pair);
        assertEquals(1, used.size(), "buffers that came back");
        assertEquals(12 + frame.length, used.getFirst().writtenBytes());
        org.junit.jupiter.api.Assertions.assertArrayEquals(frame, guest.image.read(buffer + 12, frame.length));
        assertEquals(1, awaitUsed(2 * pair + 1).size(), "sent buffers that came back");
        return buffer;
    }

    /** Sends a frame, with a buffer for it to come back in; returns the buffer's guest address. */
    long offer(int pair, int number) {
        long buffer = guest.image.allocateWhole(BUFFER, 8);
        long out = guest.image.allocateWhole(BUFFER, 8);
        guest.offer(pair, buffer, BUFFER, frame(number), out);
        return buffer;
    }

    private static byte[] frame(int number) {
        byte[] frame = new byte[60 + number % 40];
        for (int i = 0; i < frame.length; i++) {
            frame[i] = (byte) (i * 7 + number);
        }
        return frame;
    }

    private List<DriverRing.Used> awaitUsed(int ring) {
        List<DriverRing.Used> used = guest.rings.get(ring).collect();
        long deadline = System.nanoTime() + WAIT_MILLIS * 1_000_000L;
        while (used.isEmpty() && System.nanoTime() < deadline) {
            Poll.await(guest.calls.get(ring).fd(), Poll.IN, WAIT_MILLIS);
            guest.calls.get(ring).drain();
            used = guest.rings.get(ring).collect();
        }
        return used;
    }

    @Override
    public void close() {
        try (guest;
                machine) {
            VdpaDevice opened = device;
            if (opened != null) {
                opened.devClose(guest.device);
                opened.close();
            }
        }
    }
}
