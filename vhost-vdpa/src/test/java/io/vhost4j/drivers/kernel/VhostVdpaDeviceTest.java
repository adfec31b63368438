// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.drivers.testkit.StubGuest;
import io.vhost4j.vdpa.DmaModel;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaDeviceKind;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
@Timeout(60)
class VhostVdpaDeviceTest {
    private static final String NAME = "/dev/vhost-vdpa-0";

    private final FakeVhostVdpa kernel = new FakeVhostVdpa();

    private VdpaDevice open() {
        return new VhostVdpaDriver(kernel).open(NAME, Map.of());
    }

    @Test
    void shouldDescribeItself() {
        try (VdpaDevice device = open()) {
            assertEquals(VdpaDeviceKind.KERNEL, device.identity().kind());
            assertEquals(DmaModel.VHOST, device.identity().dmaModel());
            assertEquals(3, device.getQueueNum());
            assertTrue(VirtioFeature.CTRL_VQ.in(device.getFeatures()), "which is the front-end's");
            assertFalse(VirtioFeature.ACCESS_PLATFORM.in(device.getFeatures()));
            assertEquals(List.of("owner", "backend 22", "status 0"), kernel.calls, "only what is known is chosen");
            byte[] config = new byte[16];
            assertTrue(device.getConfig(0, config));
            assertArrayEquals(new byte[] {3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, config);
        }
    }

    @Test
    void shouldCallTheKernelInOrder() {
        try (StubGuest guest = new StubGuest(false, 2);
                VdpaDevice device = open()) {
            guest.bases[1] = 77;
            guest.enabled[0] = false;
            kernel.calls.clear();
            device.devConf(guest.device);
            assertEquals(
                    List.of("status 0", "status 1", "status 3", "features", "status 11", "batch", "batch ends"),
                    kernel.calls.subList(0, 7));
            assertEquals(
                    List.of("size 0 64", "base 0 0", "addresses 0", "kick 0 true", "call 0 true"),
                    kernel.calls.subList(7, 12));
            assertEquals(
                    List.of(
                            "size 1 64",
                            "base 1 77",
                            "addresses 1",
                            "kick 1 true",
                            "call 1 true",
                            "enable 1 1",
                            "config call true",
                            "status 15"),
                    kernel.calls.subList(12, 20));
            assertTrue(VirtioFeature.ACCESS_PLATFORM.in(kernel.acknowledged), "the kernel translates addresses");
            assertEquals(2, kernel.mappings.size());
            assertTrue(Poll.await(guest.kicks.get(1).fd(), Poll.IN, 0) != 0, "what was there before is not overlooked");

            device.setVringState(guest.device, 0, true);
            device.setVringCall(guest.device, 1);
            assertEquals(List.of("enable 0 1", "call 1 true"), kernel.calls.subList(20, 22));
            kernel.bases.put(1, 80);
            kernel.calls.clear();
            device.devClose(guest.device);
            assertEquals(List.of("suspend", "status 0"), kernel.calls.subList(0, 2));
            assertEquals(80, guest.bases[1]);
            assertEquals(0, kernel.mappings.size());
        }
    }

    @Test
    void shouldRefuseToNotifyByWhatTheKernelCannotSignal() {
        try (StubGuest guest = new StubGuest(false, 2);
                UnixSocket.Pair pipe = UnixSocket.pair();
                VdpaDevice device = open()) {
            device.devConf(guest.device);
            guest.calls.get(0).close();
            guest.calls.set(0, EventFd.adopt(FileCalls.dup(pipe.first().fd())));
            VhostException failure = assertThrows(VhostException.class, () -> device.setVringCall(guest.device, 0));
            assertTrue(failure.getMessage().contains("no event descriptor to notify it by"), failure.getMessage());
            device.devClose(guest.device);
            assertThrows(VhostException.class, () -> device.devConf(guest.device));
            assertEquals(0, kernel.mappings.size());
            assertEquals(0, kernel.status);
        }
    }

    private void startFails(Consumer<StubGuest> fault, String message) {
        try (StubGuest guest = new StubGuest(false, 2);
                VdpaDevice device = open()) {
            fault.accept(guest);
            VhostException failure = assertThrows(VhostException.class, () -> device.devConf(guest.device));
            assertTrue(failure.getMessage().contains(message), failure.getMessage());
            assertEquals(0, kernel.mappings.size());
            assertEquals(0, kernel.status);
            kernel.errno.clear();
            kernel.refuses = false;
            kernel.mapsUntilFailure = -1;
            device.devConf(guest.device);
            device.devClose(guest.device);
        }
    }

    @Test
    void shouldUndoWhatWasDoneWhenAStepFails() {
        startFails(guest -> kernel.refuses = true, "refuses the features");
        startFails(guest -> kernel.mapsUntilFailure = 1, "ulimit -l");
        startFails(guest -> kernel.errno.put(VhostVdpaLayout.SET_VRING_BASE, Errno.EINVAL), "EINVAL");
        startFails(guest -> kernel.errno.put(VhostVdpaLayout.SET_CONFIG_CALL, Errno.EIO), "EIO");
    }

    @Test
    void shouldSayWhyADeviceCannotBeOpened() {
        kernel.openErrno = Errno.EBUSY;
        assertTrue(assertThrows(VhostException.class, this::open).getMessage().contains("another process has it"));
        kernel.openErrno = Errno.ENOENT;
        assertTrue(assertThrows(VhostException.class, this::open).getMessage().contains("vdpa dev add"));
        kernel.openErrno = 0;
        kernel.id = 25;
        assertTrue(assertThrows(VhostException.class, this::open).getMessage().contains("device id 25"));
        kernel.id = 1;
        kernel.backendFeatures = 0;
        assertTrue(assertThrows(VhostException.class, this::open).getMessage().contains("version 2"));
    }
}
