// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.DriverFlag;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.VhostDriver;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.LinuxFaults;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.SystemCall;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import io.vhost4j.core.testkit.RecordingOps;
import io.vhost4j.spi.VhostProvider;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Registration, settings, and closing from everywhere. */
@ExtendWith(LeakCheck.class)
class DriverTest {
    private static final byte[] NOTHING = {};

    @TempDir
    private Path folder;

    private final VhostProvider provider = new CoreProvider();
    private final RecordingOps ops = new RecordingOps();

    private VhostDriver register(String name, DriverFlag... flags) {
        VhostDriver driver = provider.register(folder.resolve(name), flags);
        driver.callbackRegister(ops);
        return driver;
    }

    private FakeFrontend connect(String name) {
        return FakeFrontend.connect(folder.resolve(name).toString());
    }

    @Test
    void shouldServeSeveralFrontEndsOfOneSocket() throws InterruptedException {
        try (VhostDriver driver = register("s")) {
            driver.start();
            try (FakeFrontend first = connect("s")) {
                ops.await("newConnection");
                VhostDevice firstDevice = ops.device();
                try (FakeFrontend second = connect("s")) {
                    ops.await("newConnection");
                    assertTrue(first.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
                    assertTrue(second.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
                    assertSame(firstDevice, provider.deviceOrNull(firstDevice.vid()));
                    assertEquals(folder.resolve("s").toString(), firstDevice.getIfname());
                }
                ops.await("destroyConnection");
            }
            ops.await("destroyConnection");
        }
    }

    @Test
    void shouldNotBeKeptFromSeeingTheEndByTheFrontEndsOwnSocket() throws InterruptedException {
        try (VhostDriver driver = register("s")) {
            driver.start();
            try (FakeFrontend frontend = connect("s")) {
                ops.await("newConnection");
                int own = frontend.socket().fd();
                long protocol =
                        frontend.ask(RequestCode.GET_PROTOCOL_FEATURES, NOTHING).u64();
                frontend.send(RequestCode.SET_PROTOCOL_FEATURES, Payload.number(protocol));
                byte[] ring = Payload.number(0);
                assertEquals(1, frontend.sendForAck(RequestCode.SET_VRING_KICK, ring, own));
                assertEquals(1, frontend.sendForAck(RequestCode.SET_VRING_CALL, ring, own));
                assertEquals(1, frontend.sendForAck(RequestCode.SET_VRING_ERR, ring, own));
                assertEquals(1, frontend.sendForAck(RequestCode.SET_BACKEND_REQ_FD, NOTHING, own));
            }
            ops.await("destroyConnection");
        }
    }

    @Test
    void shouldEndConnectionsWhenClosed() throws InterruptedException {
        VhostDriver driver = register("s");
        driver.start();
        try (FakeFrontend frontend = connect("s")) {
            ops.await("newConnection");
            int vid = ops.device().vid();

            driver.close();

            assertEquals(java.util.List.of("destroyConnection"), ops.drain());
            frontend.awaitClosed();
            assertNull(provider.deviceOrNull(vid));
        }
        driver.close();
        assertThrows(ConfigurationException.class, () -> provider.unregister(driver.path()));
    }

    @Test
    void shouldCloseFromACallbackAndRegisterAgain() throws InterruptedException {
        VhostDriver driver = register("s");
        AtomicReference<VhostDriver> again = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        ops.react((event, device) -> {
            if (event.equals("newConnection") && again.get() == null) {
                provider.unregister(driver.path());
                again.set(register("s"));
                again.get().start();
                done.countDown();
            }
        });
        driver.start();
        try (FakeFrontend frontend = connect("s")) {
            assertTrue(done.await(10, TimeUnit.SECONDS));
            frontend.awaitClosed();
            ops.await("newConnection", "destroyConnection");
            connect("s").close();
            ops.await("newConnection");
            ops.await("destroyConnection");
        } finally {
            again.get().close();
        }
    }

    @Test
    void shouldCloseFromTheLastCallback() throws InterruptedException {
        VhostDriver driver = register("s");
        ops.react((event, device) -> driver.close());
        driver.start();
        try (FakeFrontend frontend = connect("s")) {
            frontend.awaitClosed();
        }
        ops.await("newConnection", "destroyConnection");
        driver.close();
    }

    @Test
    void shouldLiveOnWhenACallbackThrows() throws InterruptedException {
        ops.react((event, device) -> {
            throw new IllegalStateException("on purpose");
        });
        try (VhostDriver driver = register("s")) {
            driver.start();
            try (FakeFrontend frontend = connect("s")) {
                frontend.awaitClosed();
            }
            ops.await("newConnection", "destroyConnection");
            ops.react((event, device) -> {});
            try (FakeFrontend frontend = connect("s")) {
                assertTrue(frontend.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
            }
        }
    }

    @Test
    void shouldEndOnlyTheSessionThatBreaksTheProtocol() throws InterruptedException {
        try (VhostDriver driver = register("s")) {
            driver.start();
            try (FakeFrontend good = connect("s");
                    FakeFrontend bad = connect("s")) {
                ops.await("newConnection", "newConnection");
                bad.sendRaw(FakeFrontend.header(1, 0, 0), NOTHING);
                bad.awaitClosed();
                ops.await("destroyConnection");
                assertTrue(good.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
            }
        }
    }

    @Test
    void shouldEndAFrontEndThatNeverReadsItsReplies() throws InterruptedException {
        try (VhostDriver driver = register("s")) {
            driver.start();
            try (FakeFrontend frontend = connect("s")) {
                ops.await("newConnection");
                CountDownLatch ended = new CountDownLatch(1);
                ops.react((event, device) -> ended.countDown());
                NativeException e = assertThrows(NativeException.class, () -> {
                    for (int i = 0; i < 1_000_000; i++) {
                        frontend.send(RequestCode.GET_FEATURES, NOTHING);
                    }
                });
                assertEquals("sendmsg", e.call());
                assertTrue(ended.await(10, TimeUnit.SECONDS), "the application was not told");
            }
        }
    }

    @Test
    void shouldAcceptAgainWhenDescriptorsWereShort() throws InterruptedException {
        AtomicInteger refused = new AtomicInteger();
        try (VhostDriver driver = register("s")) {
            driver.start();
            LinuxFaults.Installed faults = LinuxFaults.install(
                    (call, fd) -> call == SystemCall.ACCEPT && refused.getAndIncrement() < 3 ? Errno.EMFILE : 0);
            try (faults;
                    FakeFrontend frontend = connect("s")) {
                assertTrue(frontend.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
            }
            int attempts = refused.get();
            assertTrue(attempts >= 4 && attempts < 20, "accepted " + attempts + " times: it must not spin");
        }
    }

    @Test
    void shouldServeAbstractNames() throws InterruptedException {
        String name = "@vhost4j-test-" + ProcessHandle.current().pid();
        VhostDriver driver = provider.register(Path.of(name));
        driver.callbackRegister(ops);
        driver.start();
        try (driver;
                FakeFrontend frontend = FakeFrontend.connect(name)) {
            ops.await("newConnection");
            assertTrue(frontend.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
        }
    }

    @Test
    void shouldRefuseWhatCannotWork() {
        VhostDriver driver = register("s");
        assertThrows(ConfigurationException.class, () -> register("s"));
        assertThrows(ConfigurationException.class, () -> register("t", DriverFlag.NO_RECONNECT));
        assertThrows(ConfigurationException.class, () -> register("t", DriverFlag.ASYNC_CONNECT));
        assertThrows(ConfigurationException.class, () -> register("x".repeat(108)));
        assertThrows(ConfigurationException.class, () -> driver.setMaxQueueNum(0));
        assertThrows(ConfigurationException.class, () -> driver.setMaxQueueNum(129));
        assertThrows(ConfigurationException.class, () -> driver.setSocketMode(01000));
        assertThrows(ConfigurationException.class, () -> driver.enableFeatures(1L << 63));
        assertThrows(ConfigurationException.class, () -> driver.setProtocolFeatures(1L << 63));
        driver.close();
        assertThrows(ConfigurationException.class, driver::start);
    }

    @Test
    void shouldStartOnceAndOnlyWithCallbacks() {
        try (VhostDriver driver = provider.register(folder.resolve("s"))) {
            ConfigurationException e = assertThrows(ConfigurationException.class, driver::start);
            assertTrue(e.getMessage().contains("callbackRegister"), e.getMessage());
            driver.callbackRegister(ops);
            driver.start();
            assertThrows(ConfigurationException.class, driver::start);
            assertThrows(ConfigurationException.class, () -> driver.setFeatures(0));
            assertThrows(ConfigurationException.class, () -> driver.setMaxQueueNum(1));
        }
    }

    @Test
    void shouldOfferWhatTheApplicationChose() {
        try (VhostDriver driver = register("s")) {
            driver.disableFeatures(VirtioFeature.RING_PACKED.mask());
            driver.setMaxQueueNum(3);
            driver.start();
            try (FakeFrontend frontend = connect("s")) {
                long offered = frontend.ask(RequestCode.GET_FEATURES, NOTHING).u64();
                assertEquals(driver.getFeatures(), offered);
                assertFalse(VirtioFeature.RING_PACKED.in(offered));
                assertEquals(3, frontend.ask(RequestCode.GET_QUEUE_NUM, NOTHING).u64());
            }
        }
    }

    @Test
    void shouldNotOfferSegmentsThatFitNoBuffer() {
        try (VhostDriver linear = register("s", DriverFlag.LINEARBUF_SUPPORT);
                VhostDriver external = register("t", DriverFlag.LINEARBUF_SUPPORT, DriverFlag.EXTBUF_SUPPORT)) {
            assertFalse(VirtioFeature.HOST_TSO4.in(linear.getFeatures()));
            assertTrue(VirtioFeature.HOST_TSO4.in(external.getFeatures()));
        }
    }

    @Test
    void shouldAskOnceWhetherNotificationsAreTakenOver() {
        AtomicReference<Integer> asked = new AtomicReference<>(0);
        VhostDeviceOps asking = new VhostDeviceOps() {
            @Override
            public void newDevice(VhostDevice device) {}

            @Override
            public void destroyDevice(VhostDevice device) {}

            @Override
            public boolean offloadsGuestNotify() {
                asked.set(asked.get() + 1);
                return true;
            }
        };
        try (VhostDriver driver = provider.register(folder.resolve("s"))) {
            driver.callbackRegister(asking);
            driver.start();
            try (FakeFrontend frontend = connect("s")) {
                frontend.ask(RequestCode.GET_FEATURES, NOTHING);
            }
        }
        assertEquals(1, asked.get());
    }
}
