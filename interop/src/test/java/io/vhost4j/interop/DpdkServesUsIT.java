// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import io.vhost4j.virtiouser.VirtioUser;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The library's own front-end with DPDK's back-end, which is killed under load and starts again. That back-end makes an in-flight buffer
 * and its net driver does not use it, so a packed ring has to start anew.
 */
@RequiresPeer(Peer.TESTPMD)
class DpdkServesUsIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int RING_SIZE = 256;
    private static final int FRAMES = 20_000;
    private static final int DEATHS = 2;

    @TempDir
    Path folder;

    @ParameterizedTest(name = "packed: {0}")
    @ValueSource(booleans = {false, true})
    @Timeout(180)
    void shouldGoOnWhenTheBackEndReturns(boolean packed) {
        Path socket = folder.resolve("net.sock");
        BackendSpec spec = BackendSpec.of(Mode.IO, socket);
        DpdkBackend backend = DpdkBackend.start(spec);
        try (VirtioUser user = VirtioUser.builder(socket)
                        .reconnect(true)
                        .packed(packed)
                        .queueSize(RING_SIZE)
                        .connectTimeout(LIMIT)
                        .connect();
                NumberedTraffic traffic = new NumberedTraffic(user, 0, RING_SIZE)) {
            for (int death = 0; death < DEATHS; death++) {
                traffic.awaitReceived(traffic.received() + FRAMES, LIMIT);
                backend.kill();
                backend = DpdkBackend.start(spec);
            }
            traffic.awaitReceived(traffic.received() + FRAMES, LIMIT);
        } finally {
            backend.close();
        }
    }
}
