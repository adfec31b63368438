// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.net.NetOptions;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.session.OfferedFeatures;
import io.vhost4j.core.session.SessionConfig;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.RecordingOps;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How long a message may take. */
@ExtendWith(LeakCheck.class)
class ConnectionTest {
    private static final long MESSAGE_MILLIS = 200;
    private static final byte[] GET_FEATURES = FakeFrontend.header(RequestCode.GET_FEATURES.code(), 1, 0);

    private final RecordingOps ops = new RecordingOps();
    private final CountDownLatch ended = new CountDownLatch(1);
    private VhostEvents events;
    private FakeFrontend frontend;

    @BeforeEach
    void open() {
        events = VhostEvents.acquire();
        UnixSocket.Pair pair = UnixSocket.pair();
        frontend = new FakeFrontend(pair.second(), () -> {});
        SessionConfig config = new SessionConfig(
                "test",
                OfferedFeatures.VIRTIO_DEFAULT,
                OfferedFeatures.PROTOCOL_SUPPORTED,
                1,
                ops,
                false,
                new NetOptions(false, false, false, false));
        events.execute(
                () -> Connection.of(events, pair.first(), config, MESSAGE_MILLIS, connection -> ended.countDown())
                        .open());
    }

    @AfterEach
    void close() throws InterruptedException {
        frontend.close();
        assertTrue(ended.await(10, TimeUnit.SECONDS));
        events.release();
        events.awaitEnd();
    }

    @Test
    void shouldEndAFrontEndThatDoesNotFinishAMessage() throws InterruptedException {
        ops.await("newConnection");
        frontend.sendBytes(GET_FEATURES, 0, 5);
        long start = System.nanoTime();
        frontend.awaitClosed();
        assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(MESSAGE_MILLIS / 2));
        ops.await("destroyConnection");
    }

    @Test
    void shouldNotHurryAFrontEndThatIsBetweenMessages() throws InterruptedException {
        CountDownLatch later = new CountDownLatch(1);
        events.execute(() -> events.schedule(3 * MESSAGE_MILLIS, later::countDown));
        frontend.ask(RequestCode.GET_FEATURES, new byte[0]);
        assertTrue(later.await(10, TimeUnit.SECONDS));
        frontend.ask(RequestCode.GET_FEATURES, new byte[0]);
    }

    @Test
    void shouldGiveEachMessageItsTime() throws InterruptedException {
        int from = 0;
        for (int i = 0; i < 6; i++) {
            // always a part of the next message behind the end of this one
            frontend.sendBytes(GET_FEATURES, from, GET_FEATURES.length - from);
            frontend.sendBytes(GET_FEATURES, 0, 3);
            assertEquals(RequestCode.GET_FEATURES.code(), frontend.receive().request());
            from = 3;
            CountDownLatch later = new CountDownLatch(1);
            events.execute(() -> events.schedule(MESSAGE_MILLIS / 2, later::countDown));
            assertTrue(later.await(10, TimeUnit.SECONDS));
        }
        assertEquals(1, ended.getCount());
    }
}
