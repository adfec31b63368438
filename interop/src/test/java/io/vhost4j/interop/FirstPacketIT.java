// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.virtiouser.VirtioUser;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** In a back-end whose virtual machine has just started, nothing is compiled yet; a guest's first packet must not wait for that. */
class FirstPacketIT {
    /** The first start of all warms this process, too; of the others the fastest counts, as the machine may be busy. */
    private static final int STARTS = 4;

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long MOST_MILLIS = 300;

    @TempDir
    Path folder;

    private final NumberedFrames frames = new NumberedFrames();

    @Test
    @Timeout(120)
    void shouldComeSoonAfterTheConnection() {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < STARTS; i++) {
            Path socket = folder.resolve(i + ".sock");
            try (ForwardBackend backend = ForwardBackend.start(BackendSpec.of(Mode.IO, socket))) {
                long millis = connectAndExchange(socket);
                System.out.println("connected, and the first frame there and back: " + millis + " ms");
                best = i == 0 ? best : Math.min(best, millis);
                assertEquals(1, backend.finish().toPackets());
            }
        }
        assertTrue(best <= MOST_MILLIS, "milliseconds to the first frame: " + best);
    }

    private long connectAndExchange(Path socket) {
        long start = System.nanoTime();
        try (VirtioUser user = VirtioUser.builder(socket).connectTimeout(LIMIT).connect()) {
            frames.exchange(user, 1, LIMIT);
            return Duration.ofNanos(System.nanoTime() - start).toMillis();
        }
    }
}
