// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.ConnectionLimits;
import io.vhost4j.DriverCounters;
import io.vhost4j.VhostDriver;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.RecordingOps;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** How many may connect to a socket, and what is counted. */
@ExtendWith(LeakCheck.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ConnectionLimitsTest {
    private static final byte[] NOTHING = {};

    @TempDir
    private Path folder;

    private final RecordingOps ops = new RecordingOps();
    private String path;

    @BeforeEach
    void name() {
        path = folder.resolve("s").toString();
    }

    private VhostDriver start(UnaryOperator<ConnectionLimits.Builder> change) {
        VhostDriver driver = new CoreProvider().register(Path.of(path));
        driver.callbackRegister(ops);
        driver.setConnectionLimits(
                change.apply(driver.getConnectionLimits().toBuilder()).build());
        driver.start();
        return driver;
    }

    @Test
    void shouldRefuseMoreConnectionsThanAllowed() throws InterruptedException {
        try (VhostDriver driver = start(limits -> limits.connections(2));
                FakeFrontend second = FakeFrontend.connect(path)) {
            try (FakeFrontend first = FakeFrontend.connect(path)) {
                ops.await("newConnection", "newConnection");
                try (FakeFrontend third = FakeFrontend.connect(path)) {
                    third.awaitClosed();
                }
                assertTrue(first.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
                assertEquals(new DriverCounters(2, 1, 0, 0, 0, 0, 1, 0), driver.counters());
            }
            ops.await("destroyConnection");
            try (FakeFrontend next = FakeFrontend.connect(path)) {
                assertTrue(next.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
            }
            assertTrue(second.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
        }
    }

    @Test
    void shouldServeFrontEndsDuringAFloodOfConnections() throws InterruptedException {
        List<FakeFrontend> flood = new ArrayList<>();
        try (VhostDriver driver = start(limits -> limits.halfOpenConnections(4));
                FakeFrontend good = FakeFrontend.connect(path)) {
            good.send(RequestCode.SET_OWNER, NOTHING);
            assertTrue(good.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
            for (int i = 0; i < 100; i++) {
                flood.add(FakeFrontend.connect(path));
            }
            try (FakeFrontend late = FakeFrontend.connect(path)) {
                late.send(RequestCode.SET_OWNER, NOTHING);
                assertTrue(late.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
            }
            flood.getFirst().awaitClosed();
            assertTrue(good.ask(RequestCode.GET_FEATURES, NOTHING).u64() != 0);
            assertEquals(102, driver.counters().connectionsAccepted());
            assertEquals(97, driver.counters().limitsExceeded());
            assertEquals(97, driver.counters().sessionsEndedByError());
        } finally {
            flood.forEach(FakeFrontend::close);
        }
    }

    @Test
    void shouldCountWhatFrontEndsDo() throws InterruptedException {
        try (VhostDriver driver = start(limits -> limits)) {
            try (FakeFrontend bad = FakeFrontend.connect(path)) {
                bad.sendRaw(FakeFrontend.header(1, 0, 0), NOTHING);
                bad.awaitClosed();
            }
            ops.await("newConnection", "destroyConnection");
            FakeFrontend.connect(path).close();
            ops.await("newConnection", "destroyConnection");
            assertEquals(new DriverCounters(2, 0, 1, 1, 0, 0, 0, 0), driver.counters());
        }
    }

    @Test
    void shouldRefuseLimitsThatCannotWork() {
        ConnectionLimits limits = ConnectionLimits.DEFAULT;
        assertThrows(ConfigurationException.class, limits.toBuilder().memoryRegions(7)::build);
        assertThrows(ConfigurationException.class, limits.toBuilder().memoryRegions(510)::build);
        assertThrows(ConfigurationException.class, limits.toBuilder().connections(0)::build);
        assertThrows(ConfigurationException.class, limits.toBuilder().messageMillis(0)::build);
        assertThrows(ConfigurationException.class, limits.toBuilder().unreadReplyBytes(100)::build);
        assertEquals(limits, limits.toBuilder().build());
    }
}
