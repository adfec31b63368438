// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.virtiouser.VirtioUser;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The back-end is killed at random moments under load and starts again; the library's own front-end does not. Whatever the policy of
 * recovery: each descriptor is given back exactly once, no frame comes back twice or changed, the order stays, and each ring has all of
 * its descriptors in the end. Frames that the back-end had taken and not yet sent on die with it: at most one burst for each death; with
 * DROP, also what waited in the transmit ring.
 */
class KillIT {
    private static final int KILLS = Integer.getInteger("vhost4j.interop.kills", 5);
    private static final long SEED = Long.getLong("vhost4j.interop.seed", System.nanoTime());
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int RING_SIZE = 256;
    /** What {@code forward} takes at once. */
    private static final int BURST = 32;

    private static final int TRAFFIC = 2000;
    private static final int LATEST_MILLIS = 300;

    @TempDir
    Path folder;

    @ParameterizedTest(name = "packed: {0}, back-end listens: {1}, in-flight buffer: {2}, policy: {3}")
    @CsvSource({
        "false, false, true, inflight",
        "true, false, true, inflight",
        "false, true, true, inflight",
        "true, true, true, inflight",
        "true, false, false, inflight",
        "false, false, true, replay_in_order",
        "true, false, true, drop"
    })
    @Timeout(600)
    void shouldLoseNoDescriptorAndRepeatNoFrame(
            boolean packed, boolean backEndListens, boolean inflight, String policy) {
        Random random = new Random(SEED);
        Path socket = folder.resolve("net.sock");
        BackendSpec spec = BackendSpec.of(Mode.IO, socket)
                .asClient(!backEndListens)
                .withOptions("--recovery", policy, "--cpu", "1", "--verbose");
        long recoveries = 0;
        ForwardBackend backend = ForwardBackend.start(spec);
        try (VirtioUser user = VirtioUser.builder(socket)
                        .server(!backEndListens)
                        .reconnect(true)
                        .packed(packed)
                        .inflight(inflight)
                        .queueSize(RING_SIZE)
                        .connectTimeout(LIMIT)
                        .connect();
                NumberedTraffic traffic = new NumberedTraffic(user, 0, RING_SIZE)) {
            for (int kill = 0; kill < KILLS; kill++) {
                if (random.nextInt(4) > 0) {
                    traffic.awaitReceived(traffic.received() + TRAFFIC, LIMIT);
                }
                LockSupport.parkNanos(random.nextInt(LATEST_MILLIS * 1000) * 1000L);
                backend.kill();
                recoveries += recoveries(backend);
                backend = ForwardBackend.start(spec);
            }
            traffic.awaitReceived(traffic.received() + TRAFFIC, LIMIT);
            traffic.finish(LIMIT);
            recoveries += recoveries(backend);
            System.out.printf(
                    "%d kills (seed %d), packed=%s, in-flight buffer=%s, policy=%s: %d frames sent, %d received, %d"
                            + " lost, none twice; %d times chains were in flight%n",
                    KILLS,
                    SEED,
                    packed,
                    inflight,
                    policy,
                    traffic.sent(),
                    traffic.received(),
                    traffic.lost(),
                    recoveries);
            // packets that a channel copies die with the process, too
            int underWay = ForwardBackend.usesChannels() ? RING_SIZE : 0;
            long mayBeLost = (long) KILLS * (BURST + underWay + (policy.equals("drop") ? RING_SIZE : 0));
            assertTrue(traffic.lost() <= mayBeLost, traffic.lost() + " frames lost, expected at most " + mayBeLost);
            traffic.checkRings(RING_SIZE, LIMIT);
            backend.finish();
        } catch (AssertionError e) {
            e.addSuppressed(new AssertionError("seed " + SEED + "; log of the last back-end:\n  "
                    + backend.launcher().program().err().tail()));
            throw e;
        } finally {
            backend.close();
        }
    }

    /** How many rings found chains that the back-end before had taken and not given back, by the log. */
    private static long recoveries(ForwardBackend backend) {
        return backend.launcher().program().err().since(0).stream()
                .filter(line -> line.contains("that were in flight"))
                .count();
    }
}
