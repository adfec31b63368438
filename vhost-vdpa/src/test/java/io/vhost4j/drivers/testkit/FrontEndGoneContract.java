// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.DriverCounters;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.vdpa.VdpaDevice;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A front-end that goes away, at each of its messages and at each of the driver's operations on the device. However far it has come: the
 * device is idle afterwards, nothing is mapped, nothing left open, and the next front-end is served.
 */
@ExtendWith(LeakCheck.class)
@Timeout(120)
public abstract class FrontEndGoneContract {
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(20);

    /** Where the driver's machine may be. */
    @TempDir
    protected Path folder;

    private volatile boolean gone;

    /** Opens the device. */
    protected abstract VdpaDevice open();

    /** Has this happen before each operation of the driver on the device. */
    protected abstract void beforeOperation(Runnable action);

    /** Whether the device is reset, nothing is mapped for it, and its interrupts are off. Any thread. */
    protected abstract boolean isIdle();

    /** Whether the device, or its driver, can log. */
    protected abstract boolean logs();

    /** The application is told of a front-end whose rings the device is to serve; before the device is. */
    protected void served(io.vhost4j.VhostDevice device) {}

    private void lives(boolean packed, Lives lives) {
        Path socket = folder.resolve("s");
        try (EchoApplication application = new EchoApplication(socket);
                VdpaDevice device = open()) {
            application.listener = this::served;
            application.driver.attachVdpaDevice(device);
            application.driver.start();
            lives.run(new Host(application, socket, packed));
            beforeOperation(() -> {});
        }
    }

    private interface Lives {
        void run(Host host);
    }

    /** A back-end with a device, and its front-ends one after the other. */
    private final class Host {
        private final EchoApplication application;
        private final Path socket;
        private final boolean packed;
        private int connections;

        Host(EchoApplication application, Path socket, boolean packed) {
            this.application = application;
            this.socket = socket;
            this.packed = packed;
        }

        /**
         * A front-end that sends some messages and goes away, or before that at an operation of the driver.
         *
         * @param steps messages, negative for all
         * @param operation number of the operation, from 0; negative for none
         * @return operations that there were
         */
        int live(int steps, int operation) {
            AtomicInteger operations = new AtomicInteger();
            gone = false;
            try (FrontEndScript script = script(operations, operation)) {
                play(script, steps < 0 ? script.steps() : steps);
                assertEquals(operation >= 0, gone, "it went away at operation " + operation);
                beforeOperation(() -> {});
            }
            connections++;
            await(() -> ended(application.driver.counters()) == connections, "the session's end");
            await(FrontEndGoneContract.this::isIdle, "an idle device");
            return operations.get();
        }

        private FrontEndScript script(AtomicInteger operations, int operation) {
            FakeFrontend front = FakeFrontend.connect(socket.toString());
            beforeOperation(() -> {
                if (operations.getAndIncrement() == operation) {
                    gone = true;
                    front.socket().shutdown(UnixSocket.SHUT_RDWR);
                }
            });
            return new FrontEndScript(front, packed, logs());
        }
    }

    private void play(FrontEndScript script, int steps) {
        try {
            script.play(steps);
        } catch (NativeException | AssertionError e) {
            if (!gone) {
                throw e;
            }
        }
    }

    private static long ended(DriverCounters counters) {
        return counters.sessionsEndedByPeer() + counters.sessionsEndedByError();
    }

    private static void await(BooleanSupplier state, String what) {
        long start = System.nanoTime();
        while (!state.getAsBoolean()) {
            assertTrue(System.nanoTime() - start < LIMIT_NANOS, what);
            Thread.yield();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLetGoAfterAnyMessage(boolean packed) {
        lives(packed, host -> {
            int steps = 0;
            int most;
            do {
                try (FrontEndScript counted =
                        new FrontEndScript(new FakeFrontend(UnixSocket.open(), () -> {}), packed, logs())) {
                    most = counted.steps();
                }
                host.live(steps, -1);
                steps++;
            } while (steps <= most);
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLetGoAtAnyOperation(boolean packed) {
        lives(packed, host -> {
            int operations = host.live(-1, -1);
            assertTrue(operations > 50, operations + " operations");
            for (int i = 0; i < operations; i++) {
                host.live(-1, i);
            }
            assertEquals(operations, host.live(-1, -1), "as for the first");
        });
    }
}
