// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.DriverFlag;
import io.vhost4j.VhostDriver;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.LinuxFaults;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.SystemCall;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.RecordingOps;
import io.vhost4j.spi.VhostProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The back-end connects, the front-end listens. */
@ExtendWith(LeakCheck.class)
class ConnectingTest {
    private static final byte[] NOTHING = {};
    private static final int TIMEOUT_MILLIS = 10_000;

    @TempDir
    private Path folder;

    private final VhostProvider provider = new CoreProvider();
    private final RecordingOps ops = new RecordingOps();
    private Path path;

    @BeforeEach
    void choosePath() {
        path = folder.resolve("sock");
    }

    private VhostDriver register(DriverFlag... more) {
        DriverFlag[] flags = java.util.Arrays.copyOf(more, more.length + 1);
        flags[more.length] = DriverFlag.CLIENT;
        VhostDriver driver = provider.register(path, flags);
        driver.callbackRegister(ops);
        return driver;
    }

    private UnixSocket listen() {
        UnixSocket listener = UnixSocket.open();
        listener.bind(path.toString());
        listener.listen(4);
        return listener;
    }

    private static FakeFrontend accept(UnixSocket listener) {
        assertTrue(Poll.await(listener.fd(), Poll.IN, TIMEOUT_MILLIS) != 0, "nobody connected");
        return new FakeFrontend(listener.accept().orElseThrow(), () -> {});
    }

    @Test
    void shouldTryOnWhenThereAreNoDescriptorsLeft() throws InterruptedException {
        AtomicInteger failures = new AtomicInteger();
        try (VhostDriver driver = register()) {
            driver.start();
            LinuxFaults.Hook noneLeft = (call, arg) -> {
                boolean fails = call == SystemCall.SOCKET
                        && Thread.currentThread().getName().equals("vhost-events")
                        && failures.getAndIncrement() == 0;
                return fails ? Errno.EMFILE : 0;
            };
            try (LinuxFaults.Installed faults = LinuxFaults.install(noneLeft);
                    UnixSocket listener = listen();
                    FakeFrontend frontend = accept(listener)) {
                ops.await("newConnection");
                assertTrue(failures.get() > 1, faults::toString);
                assertTrue(frontend.nothingArrived());
            }
        }
        ops.await("destroyConnection");
    }

    @Test
    void shouldConnectAtOnce() throws InterruptedException {
        try (UnixSocket listener = listen();
                VhostDriver driver = register()) {
            driver.start();
            assertTrue(Poll.await(listener.fd(), Poll.IN, 0) != 0);
            try (FakeFrontend frontend = accept(listener)) {
                ops.await("newConnection");
                assertTrue(frontend.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
            }
        }
        assertTrue(Files.exists(path), "the socket is the front-end's");
    }

    @Test
    void shouldGoOnTryingUntilSomebodyListens() throws InterruptedException {
        try (VhostDriver driver = register()) {
            driver.start();
            try (UnixSocket listener = listen();
                    FakeFrontend frontend = accept(listener)) {
                ops.await("newConnection");
                assertTrue(frontend.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
            }
        }
    }

    @Test
    void shouldConnectAgainAfterTheEnd() throws InterruptedException {
        try (UnixSocket listener = listen();
                VhostDriver driver = register()) {
            driver.start();
            accept(listener).close();
            ops.await("newConnection", "destroyConnection");
            try (FakeFrontend frontend = accept(listener)) {
                ops.await("newConnection");
                frontend.sendRaw(FakeFrontend.header(1, 0, 0), NOTHING);
                frontend.awaitClosed();
                ops.await("destroyConnection");
            }
            accept(listener).close();
            ops.await("newConnection", "destroyConnection");
        }
    }

    @Test
    void shouldConnectLaterWhenAskedTo() throws InterruptedException {
        try (UnixSocket listener = listen();
                VhostDriver driver = register(DriverFlag.ASYNC_CONNECT)) {
            driver.start();
            accept(listener).close();
            ops.await("newConnection", "destroyConnection");
        }
    }

    @Test
    void shouldSayThatNobodyListensWhereThereIsNoOtherAttempt() {
        try (VhostDriver driver = register(DriverFlag.NO_RECONNECT)) {
            ConfigurationException none = assertThrows(ConfigurationException.class, driver::start);
            assertTrue(none.getMessage().contains("there is no such socket"), none.getMessage());
            listen().close();
            ConfigurationException dead = assertThrows(ConfigurationException.class, driver::start);
            assertTrue(dead.getMessage().contains("nobody listens there"), dead.getMessage());
        }
    }

    @Test
    void shouldNotConnectAgainWhereItMustNot() throws InterruptedException {
        try (UnixSocket listener = listen();
                VhostDriver driver = register(DriverFlag.NO_RECONNECT)) {
            driver.start();
            accept(listener).close();
            ops.await("newConnection", "destroyConnection");
            assertEquals(0, Poll.await(listener.fd(), Poll.IN, (int) (2 * ConnectingTransport.RETRY_MILLIS)));
            assertEquals(List.of(), ops.drain());
        }
    }
}
