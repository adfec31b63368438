// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.virtiouser.VirtioUser;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many devices that nobody uses cost next to nothing when the poll thread may sleep, and still answer at once. */
class IdleIT {
    private static final int DEVICES = 64;
    private static final int RING_SIZE = 64;
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration IDLE = Duration.ofSeconds(2);
    /** The least of these counts: in the first, methods of the beginning may still be compiled. */
    private static final int INTERVALS = 3;

    private static final double MOST_OF_A_CORE = 0.02;

    @TempDir
    Path folder;

    private final List<VirtioUser> users = new ArrayList<>();
    private final NumberedFrames frames = new NumberedFrames();
    private long next = 1;

    @Test
    @Timeout(120)
    void shouldCostNextToNothing() {
        Path socket = folder.resolve("net.sock");
        BackendSpec spec = BackendSpec.of(Mode.IO, socket).withOptions("--sleep", "--stats", "0");
        try (ForwardBackend backend = ForwardBackend.start(spec)) {
            for (int i = 0; i < DEVICES; i++) {
                users.add(VirtioUser.builder(socket)
                        .queueSize(RING_SIZE)
                        .packed(i % 2 == 0)
                        .eventIdx(i % 4 < 2)
                        .connectTimeout(LIMIT)
                        .connect());
            }
            backend.awaitDevicesUp(DEVICES);
            users.forEach(this::exchange);
            double share = 1;
            for (int i = 0; i < INTERVALS; i++) {
                share = Math.min(
                        share, shareOfACore(backend.launcher().program().pid()));
            }
            System.out.printf("%d idle devices: %.2f %% of a core%n", DEVICES, 100 * share);
            long[] micros = users.stream().mapToLong(this::exchange).sorted().toArray();
            System.out.printf(
                    "a frame there and back, the first out of sleep: median %d us, longest %d us%n",
                    micros[DEVICES / 2], micros[DEVICES - 1]);
            assertTrue(share < MOST_OF_A_CORE, "share of a core: " + share);
            users.forEach(VirtioUser::close);
            assertEquals(2 * DEVICES, backend.finish().toPackets());
        }
    }

    private static double shareOfACore(long pid) {
        Duration before = used(pid);
        long start = System.nanoTime();
        Await.until(System::nanoTime, now -> now - start > IDLE.toNanos(), "the time", IDLE.plusSeconds(5));
        return (double) used(pid).minus(before).toNanos() / (System.nanoTime() - start);
    }

    private static Duration used(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().totalCpuDuration())
                .orElseThrow();
    }

    /** A frame goes there and back; returns microseconds. */
    private long exchange(VirtioUser user) {
        return frames.exchange(user, next++, LIMIT).toNanos() / 1000;
    }
}
