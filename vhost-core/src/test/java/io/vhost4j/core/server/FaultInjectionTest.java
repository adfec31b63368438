// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.DriverFlag;
import io.vhost4j.VhostDriver;
import io.vhost4j.VhostException;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.LinuxFaults;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.SystemCall;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.RecordingOps;
import io.vhost4j.packet.PacketPool;
import io.vhost4j.spi.VhostProvider;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A whole life of a driver with every kernel call failing once, one at a time, for each reason that it may have: nothing hangs, nothing
 * leaks, what was wrong is said, and the next connection works.
 */
@ExtendWith(LeakCheck.class)
@Timeout(300)
class FaultInjectionTest {
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final int CONNECTIONS = 3;

    /** Calls that a connecting driver makes otherwise than a listening one. */
    private static final Set<SystemCall> CONNECTING = Set.of(
            SystemCall.SOCKET, SystemCall.CONNECT, SystemCall.EPOLL_CREATE, SystemCall.EPOLL_CTL, SystemCall.EVENTFD);

    /** Where the peer is gone or the call is just repeated there is nothing to say. */
    private static final Set<Integer> SILENT = Set.of(
            Errno.EINTR,
            Errno.EAGAIN,
            Errno.ECONNRESET,
            Errno.EPIPE,
            Errno.ECONNREFUSED,
            Errno.EACCES,
            Errno.EADDRINUSE);

    @TempDir
    private Path folder;

    private final VhostProvider provider = new CoreProvider();
    private final PrintStream standardError = System.err;
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private BufferPool pool;
    private int runs;

    /** How a connection of a front-end's comes about. */
    @FunctionalInterface
    private interface Connector {
        UnixSocket connect();
    }

    enum Side {
        LISTENING,
        CONNECTING
    }

    @BeforeEach
    void listenToErrors() {
        pool = new BufferPool(PacketPool.builder().count(16));
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void stopListening() {
        System.setErr(standardError);
        pool.close();
    }

    @Test
    void shouldSurviveShortTransfers() {
        LinuxFaults.Hook oneByte = new LinuxFaults.Hook() {
            @Override
            public int failWith(SystemCall call, long firstArgument) {
                return 0;
            }

            @Override
            public long limitBytes(SystemCall call, long lengthBytes) {
                boolean messages = call == SystemCall.RECVMSG || call == SystemCall.SENDMSG;
                boolean library = Thread.currentThread().getName().equals("vhost-events");
                return messages && library ? 1 : lengthBytes;
            }
        };
        FaultPlan plan = FaultPlan.counting();
        live(plan, oneByte, Side.LISTENING);
    }

    @ParameterizedTest
    @EnumSource
    void shouldSurviveEveryFailingCall(Side side) {
        FaultPlan counting = FaultPlan.counting();
        live(counting, counting, side);
        Map<SystemCall, Integer> made = counting.seen();
        assertTrue(made.size() > 10, () -> "calls made: " + made);
        List<String> failures = new ArrayList<>();
        FaultPlan.CAUSES.forEach((call, causes) -> {
            if (side == Side.CONNECTING && !CONNECTING.contains(call)) {
                return;
            }
            for (int occurrence = 1; occurrence <= made.getOrDefault(call, 0); occurrence++) {
                for (int errno : causes) {
                    tryOne(new FaultPlan(call, occurrence, errno), side, failures);
                }
            }
        });
        assertEquals(List.of(), failures, () -> runs + " runs");
    }

    private void tryOne(FaultPlan plan, Side side, List<String> failures) {
        said.reset();
        runs++;
        try {
            live(plan, plan, side);
        } catch (AssertionError | RuntimeException e) {
            failures.add(plan + ": " + e);
        }
    }

    /** A driver from its registration to its end, and another one if it could not start. */
    private void live(FaultPlan plan, LinuxFaults.Hook hook, Side side) {
        Counts before = Counts.now();
        Path path = folder.resolve("s" + runs);
        StringBuilder trouble = new StringBuilder();
        try (LinuxFaults.Installed installed = LinuxFaults.install(hook);
                UnixSocket listener = side == Side.CONNECTING ? listen(path) : null) {
            Connector connector = listener == null ? () -> connect(path) : () -> accept(listener);
            boolean started = serve(plan, path, side, connector, trouble);
            if (!started) {
                assertTrue(plan.hit(), () -> "did not start under " + installed + ": " + trouble);
                assertTrue(serve(plan, path, side, connector, trouble), () -> "did not start again: " + trouble);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        before.requireSame(Counts.now());
        assertEquals(0, pool.inUse(), "packets in use");
        if (!trouble.isEmpty() && !SILENT.contains(plan.errno())) {
            String all = said.toString(StandardCharsets.UTF_8) + trouble;
            assertTrue(
                    all.contains(Errno.name(plan.errno())),
                    () -> "nothing says " + Errno.name(plan.errno()) + ": " + all);
        }
    }

    /** False if the driver could not be started. */
    private boolean serve(FaultPlan plan, Path path, Side side, Connector connector, StringBuilder trouble)
            throws InterruptedException {
        DriverFlag[] flags = side == Side.CONNECTING ? new DriverFlag[] {DriverFlag.CLIENT} : new DriverFlag[0];
        RecordingOps ops = new RecordingOps();
        VhostDriver driver = provider.register(path, flags);
        try {
            driver.callbackRegister(ops);
            if (side == Side.LISTENING) {
                driver.setSocketMode(0600);
            }
            try {
                plan.inLibrary(driver::start);
            } catch (VhostException | NativeException e) {
                trouble.append(e.getMessage()).append('\n');
                return false;
            }
            boolean clean = false;
            int failed = 0;
            for (int i = 0; i < CONNECTIONS && !clean; i++) {
                boolean hitBefore = plan.hit();
                boolean whole = connection(plan, ops, connector, trouble);
                clean = whole && (hitBefore || !plan.hit());
                failed += whole ? 0 : 1;
                // one fault, which may have hit a connecting driver before we looked, ends one connection at most
                assertTrue(
                        failed == 0 || failed == 1 && plan.hit(),
                        () -> "a connection failed without a fault: " + trouble);
            }
        } finally {
            plan.inLibrary(driver::close);
        }
        return true;
    }

    /** Whether the front-end came to the end of its scenario. */
    private boolean connection(FaultPlan plan, RecordingOps ops, Connector connector, StringBuilder trouble) {
        try (FaultScenario scenario = new FaultScenario(connector.connect(), ops::device, plan)) {
            scenario.run(pool);
            return true;
        } catch (FaultScenario.Ended e) {
            trouble.append(e.getMessage()).append('\n');
            return false;
        }
    }

    private static UnixSocket listen(Path path) {
        UnixSocket listener = UnixSocket.open();
        listener.bind(path.toString());
        listener.listen(4);
        return listener;
    }

    private static UnixSocket accept(UnixSocket listener) {
        if (Poll.await(listener.fd(), Poll.IN, TIMEOUT_MILLIS) == 0) {
            throw new AssertionError("the driver did not connect within " + TIMEOUT_MILLIS + " ms");
        }
        return listener.accept().orElseThrow();
    }

    private static UnixSocket connect(Path path) {
        UnixSocket socket = UnixSocket.open();
        try {
            socket.connect(path.toString());
        } catch (NativeException e) {
            socket.close();
            throw e;
        }
        return socket;
    }

    private record Counts(long descriptors, long mappings, long threads) {
        static Counts now() {
            long threads = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("vhost-events"))
                    .count();
            return new Counts(OwnedFd.openCount(), Mapping.openCount(), threads);
        }

        void requireSame(Counts after) {
            assertEquals(this, after, "descriptors, mappings and threads");
        }
    }
}
