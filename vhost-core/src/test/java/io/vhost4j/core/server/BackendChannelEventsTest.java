// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDriver;
import io.vhost4j.VhostException;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.BackendCode;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import io.vhost4j.core.testkit.RecordingOps;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Answers to requests of the back-end come through the event thread. */
@ExtendWith(LeakCheck.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BackendChannelEventsTest {
    private static final byte[] NOTHING = {};

    @TempDir
    private Path folder;

    @Test
    void shouldCompleteWhenTheAnswerArrivesAndFailWhenTheSessionEnds() throws Exception {
        RecordingOps ops = new RecordingOps();
        String path = folder.resolve("s").toString();
        try (VhostDriver driver = new CoreProvider().register(Path.of(path));
                UnixSocket.Pair pair = UnixSocket.pair()) {
            driver.callbackRegister(ops);
            driver.start();
            CompletableFuture<Void> unanswered;
            try (FakeFrontend frontend = FakeFrontend.connect(path)) {
                ops.await("newConnection");
                long features = ProtocolFeature.maskOf(ProtocolFeature.REPLY_ACK, ProtocolFeature.BACKEND_REQ);
                frontend.send(RequestCode.SET_PROTOCOL_FEATURES, Payload.number(features));
                assertEquals(
                        0,
                        frontend.sendForAck(
                                RequestCode.SET_BACKEND_REQ_FD,
                                NOTHING,
                                pair.second().fd()));
                FakeFrontend channel = new FakeFrontend(pair.first(), () -> {});
                CompletableFuture<Void> answered =
                        ops.device().backendRequests().configChange();
                assertEquals(BackendCode.CONFIG_CHANGE.code(), channel.receive().request());
                channel.sendRaw(FakeFrontend.header(BackendCode.CONFIG_CHANGE.code(), 0x5, 8), Payload.number(0));
                answered.get(10, TimeUnit.SECONDS);
                unanswered = ops.device().backendRequests().configChange();
                channel.receive();
            }
            ExecutionException e = assertThrows(ExecutionException.class, () -> unanswered.get(10, TimeUnit.SECONDS));
            assertEquals(VhostException.class, e.getCause().getClass());
        }
    }
}
