// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ExternMessageOps;
import io.vhost4j.MessageResult;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostMessage;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages that the application handles. */
@ExtendWith(LeakCheck.class)
class ExternMessagesTest {
    private static final long FAILED = 1;
    private static final int UNKNOWN = 4711;

    private SessionFixture fixture;
    private FakeFrontend frontend;
    private final List<String> seen = new ArrayList<>();

    @BeforeEach
    void open() {
        fixture = new SessionFixture(
                OfferedFeatures.VIRTIO_DEFAULT,
                OfferedFeatures.PROTOCOL_DEFAULT
                        | ProtocolFeature.maskOf(
                                ProtocolFeature.CONFIG,
                                ProtocolFeature.SHARED_OBJECT,
                                ProtocolFeature.SHMEM,
                                ProtocolFeature.CRYPTO_SESSION));
        frontend = fixture.frontend;
        fixture.negotiate(SessionFixture.SPLIT);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    /** Registers handlers: what each does with a message. */
    private void register(Function<VhostMessage, MessageResult> pre, Function<VhostMessage, MessageResult> post) {
        fixture.ops.device().externCallbackRegister(new ExternMessageOps() {
            @Override
            public MessageResult preMsgHandle(VhostDevice device, VhostMessage message) {
                seen.add("pre " + message.request());
                return pre.apply(message);
            }

            @Override
            public MessageResult postMsgHandle(VhostDevice device, VhostMessage message) {
                seen.add("post " + message.request());
                return post.apply(message);
            }
        });
    }

    private static MessageResult leave(VhostMessage message) {
        return MessageResult.NOT_HANDLED;
    }

    private long ack(int request, byte[] payload) {
        frontend.sendRaw(FakeFrontend.header(request, 0x9, payload.length), payload);
        return frontend.receive().u64();
    }

    @Test
    void shouldShowMessagesBeforeAndAfterTheLibrary() {
        register(ExternMessagesTest::leave, ExternMessagesTest::leave);
        assertEquals(0, frontend.sendForAck(RequestCode.NET_SET_MTU, Payload.number(1500)));
        assertEquals(1500, fixture.ops.device().getMtu());
        assertEquals(List.of("pre 20", "post 20"), seen);
        fixture.ops.device().externCallbackRegister(null);
        assertEquals(0, frontend.sendForAck(RequestCode.NET_SET_MTU, Payload.number(1501)));
        assertEquals(2, seen.size());
    }

    @Test
    void shouldLeaveAMessageToTheApplication() {
        register(message -> MessageResult.OK, ExternMessagesTest::leave);
        assertEquals(0, frontend.sendForAck(RequestCode.NET_SET_MTU, Payload.number(1500)));
        assertEquals(0, fixture.ops.device().getMtu(), "the library did nothing");
        assertEquals(List.of("pre 20", "post 20"), seen);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldHandleUnknownRequests(boolean before) {
        Function<VhostMessage, MessageResult> handler = message -> MessageResult.OK;
        register(before ? handler : ExternMessagesTest::leave, before ? ExternMessagesTest::leave : handler);
        assertEquals(0, ack(UNKNOWN, new byte[5]));
        assertTrue(fixture.session.isOpen());
    }

    @Test
    void shouldRefuseWhatNobodyHandles() {
        register(ExternMessagesTest::leave, ExternMessagesTest::leave);
        assertEquals(FAILED, ack(UNKNOWN, new byte[5]));
        assertEquals(1, fixture.counters.snapshot().requestsRefused());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldTellWhatTheApplicationCannotDo(boolean before) {
        Function<VhostMessage, MessageResult> handler = message -> MessageResult.ERR;
        register(before ? handler : ExternMessagesTest::leave, before ? ExternMessagesTest::leave : handler);
        assertEquals(FAILED, frontend.sendForAck(RequestCode.NET_SET_MTU, Payload.number(1500)));
        assertTrue(fixture.session.isOpen());
        frontend.send(RequestCode.NET_SET_MTU, Payload.number(1500));
        frontend.awaitClosed();
    }

    @Test
    void shouldAnswerCryptoSessions() {
        register(ExternMessagesTest::leave, message -> {
            if (message.request() != RequestCode.CREATE_CRYPTO_SESSION.code()) {
                return MessageResult.NOT_HANDLED;
            }
            assertThrows(
                    RuntimeException.class,
                    () -> message.payload().set(ValueLayout.JAVA_BYTE, 0, (byte) 1),
                    "read-only");
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment reply = arena.allocate(message.payload().byteSize(), 8);
                reply.copyFrom(message.payload());
                reply.set(ValueLayout.JAVA_LONG, 1064, 42);
                message.reply(reply);
            }
            return MessageResult.REPLY;
        });
        byte[] session = new byte[1072];
        session[8] = 3;
        byte[] answer = frontend.ask(RequestCode.CREATE_CRYPTO_SESSION, session).payload();
        session[1064] = 42;
        assertArrayEquals(session, answer);
    }

    @Test
    void shouldGiveFileDescriptorsToTheApplication() {
        List<OwnedFd> taken = new ArrayList<>();
        register(
                message -> {
                    assertEquals(1, message.fdCount());
                    taken.add(OwnedFd.of(message.takeFd(0)));
                    assertThrows(IllegalStateException.class, () -> message.takeFd(0));
                    return MessageResult.OK;
                },
                ExternMessagesTest::leave);
        try (EventFd event = EventFd.create()) {
            assertEquals(0, frontend.sendForAck(RequestCode.GPU_SET_SOCKET, SessionFixture.NOTHING, event.fd()));
            EventFd same = EventFd.adopt(taken.getFirst());
            event.signal();
            assertEquals(1, same.drain());
            same.close();
        }
    }

    @Test
    void shouldSendFileDescriptorsOfTheApplication() {
        register(ExternMessagesTest::leave, message -> {
            try (EventFd event = EventFd.create()) {
                event.signal();
                message.reply(
                        MemorySegment.NULL,
                        io.vhost4j.core.linux.FileCalls.dup(event.fd()).release());
            }
            return MessageResult.REPLY;
        });
        frontend.send(RequestCode.GET_SHARED_OBJECT, new byte[16]);
        try (FdBag fds = new FdBag()) {
            FakeFrontend.Reply reply = frontend.receiveWith(fds);
            assertEquals(RequestCode.GET_SHARED_OBJECT.code(), reply.request());
            assertEquals(1, fds.size());
            EventFd object = EventFd.adopt(fds.take(0));
            assertEquals(1, object.drain());
            object.close();
        }
        assertTrue(frontend.nothingArrived(), "one reply, not the library's too");
    }

    @Test
    void shouldAnswerForDevicesWithoutObjectsOrSharedMemory() {
        assertEquals(
                0, frontend.ask(RequestCode.GET_SHARED_OBJECT, new byte[16]).payload().length);
        assertArrayEquals(
                new byte[8 + 256 * 8],
                frontend.ask(RequestCode.GET_SHMEM_CONFIG, SessionFixture.NOTHING)
                        .payload());
    }

    @Test
    void shouldEndTheSessionWhenAHandlerThrows() {
        register(
                message -> {
                    message.replyU64(1);
                    throw new IllegalStateException("on purpose");
                },
                ExternMessagesTest::leave);
        frontend.send(RequestCode.GET_FEATURES, SessionFixture.NOTHING);
        frontend.awaitClosed();
        assertFalse(fixture.session.isOpen());
        assertEquals(1, fixture.counters.snapshot().sessionsEndedByError());
    }

    @Test
    void shouldEndTheSessionWhenAReplyWasAnnouncedButNotGiven() {
        register(message -> MessageResult.REPLY, ExternMessagesTest::leave);
        frontend.send(RequestCode.GET_FEATURES, SessionFixture.NOTHING);
        frontend.awaitClosed();
    }

    @Test
    void shouldCloseFileDescriptorsOfRepliesThatAreNotSent() {
        register(
                message -> {
                    message.reply(MemorySegment.NULL, EventFdNumber.next());
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> message.reply(MemorySegment.NULL, EventFdNumber.next()),
                            "one reply only");
                    return MessageResult.OK;
                },
                ExternMessagesTest::leave);
        assertEquals(0, frontend.sendForAck(RequestCode.NET_SET_MTU, Payload.number(1500)));
    }

    /** Makes descriptors that belong to nobody. */
    private static final class EventFdNumber {
        static int next() {
            try (EventFd event = EventFd.create()) {
                return io.vhost4j.core.linux.FileCalls.dup(event.fd()).release();
            }
        }
    }

    @Test
    void shouldReadTheConfigurationOfTheApplication() {
        fixture.ops.config(new byte[] {1, 2, 3, 4, 5, 6});
        byte[] wanted = new Payload().u32(2).u32(3).u32(0).zeros(3).toBytes();
        byte[] expected = new Payload().u32(2).u32(3).u32(0).zeros(3).toBytes();
        expected[12] = 3;
        expected[13] = 4;
        expected[14] = 5;
        assertArrayEquals(expected, frontend.ask(RequestCode.GET_CONFIG, wanted).payload());
    }

    @Test
    void shouldAnswerWithoutPayloadWhereThereIsNoConfiguration() {
        fixture.ops.config(new byte[6]);
        for (long[] range : new long[][] {{4, 3}, {0, 0}, {250, 7}, {0xffff_ffffL, 2}, {0, 257}}) {
            byte[] wanted =
                    new Payload().u32(range[0]).u32(range[1]).u32(0).zeros(4).toBytes();
            assertEquals(0, frontend.ask(RequestCode.GET_CONFIG, wanted).payload().length);
        }
        assertEquals(4, fixture.counters.snapshot().requestsRefused(), "all but the first");
    }

    @Test
    void shouldWriteTheConfigurationOfTheApplication() {
        fixture.ops.config(new byte[4]);
        fixture.ops.drain();
        byte[] written = new Payload().u32(1).u32(2).u32(1).zeros(2).toBytes();
        written[12] = 7;
        written[13] = 8;
        assertEquals(0, frontend.sendForAck(RequestCode.SET_CONFIG, written));
        assertArrayEquals(new byte[] {0, 7, 8, 0}, fixture.ops.config());
        assertEquals(List.of("setConfig 1 migration"), fixture.ops.drain());
        byte[] beyond = new Payload().u32(3).u32(2).u32(0).zeros(2).toBytes();
        assertEquals(FAILED, frontend.sendForAck(RequestCode.SET_CONFIG, beyond));
        byte[] lying = new Payload().u32(0).u32(4).u32(0).zeros(2).toBytes();
        assertEquals(FAILED, frontend.sendForAck(RequestCode.SET_CONFIG, lying));
        assertTrue(fixture.session.isOpen());
    }
}
