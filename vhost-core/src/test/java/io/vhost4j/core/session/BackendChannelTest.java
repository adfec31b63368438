// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.SET_BACKEND_REQ_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_PROTOCOL_FEATURES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.BackendRequests;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.SharedMemoryArea;
import io.vhost4j.VhostException;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.BackendCode;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.FakeFrontend.Reply;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.util.HexFormat;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Requests of the back-end, and their answers. */
@ExtendWith(LeakCheck.class)
class BackendChannelTest {
    private static final UUID NAME = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    private static final int WANTS_REPLY = 0x9;
    private static final int IS_REPLY = 0x5;

    private SessionFixture fixture;
    private FakeFrontend channel;
    private BackendRequests requests;

    @BeforeEach
    void open() {
        fixture = new SessionFixture(
                OfferedFeatures.VIRTIO_DEFAULT,
                OfferedFeatures.PROTOCOL_DEFAULT
                        | ProtocolFeature.maskOf(
                                ProtocolFeature.BACKEND_SEND_FD,
                                ProtocolFeature.HOST_NOTIFIER,
                                ProtocolFeature.SHARED_OBJECT,
                                ProtocolFeature.SHMEM));
        fixture.negotiate(SessionFixture.SPLIT);
        requests = fixture.ops.device().backendRequests();
        giveChannel();
    }

    private void giveChannel() {
        UnixSocket.Pair pair = UnixSocket.pair();
        try (UnixSocket theirs = pair.second()) {
            assertEquals(0, fixture.frontend.sendForAck(SET_BACKEND_REQ_FD, SessionFixture.NOTHING, theirs.fd()));
        }
        FakeFrontend before = channel;
        if (before != null) {
            before.close();
        }
        channel = new FakeFrontend(pair.first(), fixture::work);
    }

    @AfterEach
    void close() {
        channel.close();
        fixture.close();
    }

    private Reply next() {
        fixture.work();
        return channel.receive();
    }

    private void answer(BackendCode code, byte[] payload, int... fds) {
        channel.sendRaw(FakeFrontend.header(code.code(), IS_REPLY, payload.length), payload, fds);
    }

    private static String failure(CompletableFuture<?> future) {
        CompletionException e = assertThrows(CompletionException.class, () -> future.getNow(null));
        assertEquals(VhostException.class, e.getCause().getClass());
        return e.getCause().getMessage();
    }

    @Test
    void shouldTakeAnswersInTheirOrder() {
        assertTrue(requests.available());
        CompletableFuture<Void> first = requests.configChange();
        CompletableFuture<Void> second = requests.sharedObjectAdd(NAME);
        CompletableFuture<Void> third = requests.sharedObjectRemove(NAME);
        Reply change = next();
        assertEquals(BackendCode.CONFIG_CHANGE.code(), change.request());
        assertEquals(WANTS_REPLY, change.flags());
        Reply add = next();
        assertEquals(BackendCode.SHARED_OBJECT_ADD.code(), add.request());
        assertEquals("00112233445566778899aabbccddeeff", HexFormat.of().formatHex(add.payload()));
        assertEquals(BackendCode.SHARED_OBJECT_REMOVE.code(), next().request());
        assertFalse(first.isDone());

        answer(BackendCode.CONFIG_CHANGE, Payload.number(0));
        assertTrue(first.isDone() && !first.isCompletedExceptionally());
        assertFalse(second.isDone());
        answer(BackendCode.SHARED_OBJECT_ADD, Payload.number(22));
        assertTrue(failure(second).contains("22"));
        answer(BackendCode.SHARED_OBJECT_REMOVE, Payload.number(0));
        assertTrue(third.isDone());
    }

    @Test
    void shouldAnswerTheFrontEndWhileItsAnswerIsDue() {
        CompletableFuture<Void> change = requests.configChange();
        next();
        assertTrue(fixture.frontend
                        .ask(RequestCode.GET_FEATURES, SessionFixture.NOTHING)
                        .u64()
                != 0);
        assertFalse(change.isDone());
        answer(BackendCode.CONFIG_CHANGE, Payload.number(0));
        assertTrue(change.isDone());
    }

    @Test
    void shouldNotWaitForAnswersThatAreNotNegotiated() {
        long agreed = fixture.ops.device().getNegotiatedProtocolFeatures();
        fixture.frontend.send(SET_PROTOCOL_FEATURES, Payload.number(agreed & ~ProtocolFeature.REPLY_ACK.mask()));
        CompletableFuture<Void> change = requests.configChange();
        assertEquals(1, next().flags());
        assertTrue(change.isDone());
    }

    @Test
    void shouldFindSharedObjects() {
        CompletableFuture<Integer> found = requests.sharedObjectLookup(NAME);
        assertEquals(BackendCode.SHARED_OBJECT_LOOKUP.code(), next().request());
        try (EventFd object = EventFd.create()) {
            answer(BackendCode.SHARED_OBJECT_LOOKUP, Payload.number(0), object.fd());
            EventFd same = EventFd.adopt(OwnedFd.of(found.join()));
            object.signal();
            assertEquals(1, same.drain());
            same.close();
        }
        CompletableFuture<Integer> missing = requests.sharedObjectLookup(NAME);
        next();
        answer(BackendCode.SHARED_OBJECT_LOOKUP, SessionFixture.NOTHING);
        assertTrue(failure(missing).contains(NAME.toString()));
        CompletableFuture<Integer> given = requests.sharedObjectLookup(NAME);
        next();
        given.cancel(false);
        try (EventFd object = EventFd.create()) {
            answer(BackendCode.SHARED_OBJECT_LOOKUP, Payload.number(0), object.fd());
        }
    }

    @Test
    void shouldMapSharedMemory() {
        try (OwnedFd file = MemFd.create("shared", 8192);
                FdBag fds = new FdBag()) {
            CompletableFuture<Void> map = requests.shmemMap(new SharedMemoryArea(7, 4096, 8192, 4096, true), file.fd());
            fixture.work();
            Reply request = channel.receiveWith(fds);
            assertEquals(BackendCode.SHMEM_MAP.code(), request.request());
            byte[] expected =
                    new Payload().u64(7).u64(4096).u64(8192).u64(4096).u64(1).toBytes();
            assertEquals(HexFormat.of().formatHex(expected), HexFormat.of().formatHex(request.payload()));
            assertEquals(1, fds.size());
            answer(BackendCode.SHMEM_MAP, Payload.number(0));
            map.join();
        }
        CompletableFuture<Void> unmap = requests.shmemUnmap(new SharedMemoryArea(7, 0, 8192, 4096, false));
        assertEquals(BackendCode.SHMEM_UNMAP.code(), next().request());
        answer(BackendCode.SHMEM_UNMAP, Payload.number(0));
        unmap.join();
        assertThrows(IllegalArgumentException.class, () -> new SharedMemoryArea(256, 0, 0, 0, false));
    }

    @Test
    void shouldOfferDoorbells() {
        try (OwnedFd file = MemFd.create("doorbell", 4096);
                FdBag fds = new FdBag()) {
            CompletableFuture<Void> given = requests.vringHostNotifier(3, file.fd(), 4096, 0);
            fixture.work();
            assertFalse(given.isDone());
            Reply request = channel.receiveWith(fds);
            assertEquals(BackendCode.VRING_HOST_NOTIFIER.code(), request.request());
            assertEquals(24, request.payload().length);
            assertEquals(3, request.u32(0));
            assertEquals(4096, request.u32(8));
            assertEquals(1, fds.size());
        }
        CompletableFuture<Void> takenBack = requests.vringHostNotifier(3, -1, 0, 0);
        assertEquals(3 | 0x100, next().u32(0));
        assertFalse(takenBack.isDone());
        assertThrows(IllegalArgumentException.class, () -> requests.vringHostNotifier(256, -1, 0, 0));
    }

    @Test
    void shouldFailRequestsOfFeaturesThatWereNotNegotiated() {
        long few = ProtocolFeature.maskOf(ProtocolFeature.BACKEND_REQ, ProtocolFeature.SHMEM);
        fixture.frontend.send(SET_PROTOCOL_FEATURES, Payload.number(few));
        assertTrue(failure(requests.sharedObjectAdd(NAME)).contains("SHARED_OBJECT"));
        assertTrue(failure(requests.vringHostNotifier(0, -1, 0, 0)).contains("HOST_NOTIFIER"));
        assertTrue(failure(requests.shmemMap(new SharedMemoryArea(0, 0, 0, 4096, true), 0))
                .contains("BACKEND_SEND_FD"));
    }

    @Test
    void shouldFailWithoutAChannel() {
        try (SessionFixture without = new SessionFixture()) {
            without.negotiate(SessionFixture.SPLIT);
            BackendRequests none = without.ops.device().backendRequests();
            assertFalse(none.available());
            CompletableFuture<Void> change = none.configChange();
            without.work();
            assertTrue(failure(change).contains("no channel"));
        }
    }

    @Test
    void shouldFailRequestsWhoseChannelCloses() {
        CompletableFuture<Void> change = requests.configChange();
        next();
        channel.close();
        assertTrue(failure(change).contains("closed the channel"));
        assertFalse(requests.available());
        assertTrue(fixture.session.isOpen());
        giveChannel();
        CompletableFuture<Void> again = requests.configChange();
        next();
        fixture.frontend.close();
        assertTrue(failure(again).contains("session has ended"));
        assertTrue(failure(requests.configChange()).contains("session has ended"));
    }

    @Test
    void shouldCloseAChannelWithAnswersThatNobodyAskedFor() {
        CompletableFuture<Void> change = requests.configChange();
        next();
        answer(BackendCode.SHMEM_MAP, Payload.number(0));
        assertTrue(failure(change).contains("SHMEM") || failure(change).contains("request 9"), failure(change));
        assertFalse(requests.available());
        assertTrue(fixture.session.isOpen(), "only the channel ends");
    }

    @Test
    void shouldLimitRequestsWithoutAnAnswer() {
        for (int i = 0; i < 64; i++) {
            assertFalse(requests.configChange().isDone());
        }
        CompletableFuture<Void> oneMore = requests.configChange();
        fixture.work();
        assertTrue(failure(oneMore).contains("64 requests"));
    }
}
