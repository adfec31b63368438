// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.GET_CONFIG;
import static io.vhost4j.core.protocol.RequestCode.GET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.GET_MAX_MEM_SLOTS;
import static io.vhost4j.core.protocol.RequestCode.GET_PROTOCOL_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.GET_QUEUE_NUM;
import static io.vhost4j.core.protocol.RequestCode.GET_STATUS;
import static io.vhost4j.core.protocol.RequestCode.NET_SET_MTU;
import static io.vhost4j.core.protocol.RequestCode.SET_BACKEND_REQ_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_LOG_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_PROTOCOL_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_STATUS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Features, status and the small requests around them. */
@ExtendWith(LeakCheck.class)
class NegotiationTest {
    private SessionFixture fixture;
    private FakeFrontend frontend;
    private VhostDevice device;

    @BeforeEach
    void open() {
        fixture = new SessionFixture();
        frontend = fixture.frontend;
        device = fixture.ops.device();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private long ack(RequestCode code, byte[] payload, int... fds) {
        return frontend.sendForAck(code, payload, fds);
    }

    @Test
    void shouldOfferWhatItHas() {
        assertEquals(
                OfferedFeatures.VIRTIO_DEFAULT,
                frontend.ask(GET_FEATURES, SessionFixture.NOTHING).u64());
        assertEquals(
                OfferedFeatures.PROTOCOL_DEFAULT,
                frontend.ask(GET_PROTOCOL_FEATURES, SessionFixture.NOTHING).u64());
        assertEquals(2, frontend.ask(GET_QUEUE_NUM, SessionFixture.NOTHING).u64());
    }

    @Test
    void shouldTellWhatWasNegotiated() {
        assertEquals(0, device.getNegotiatedFeatures());
        fixture.negotiate(SessionFixture.PACKED);
        assertEquals(SessionFixture.PACKED, device.getNegotiatedFeatures());
        assertEquals(OfferedFeatures.PROTOCOL_DEFAULT, device.getNegotiatedProtocolFeatures());
        assertEquals(
                509, frontend.ask(GET_MAX_MEM_SLOTS, SessionFixture.NOTHING).u64());
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 24, 1L << 33, 1L << 63, -1L})
    void shouldRefuseFeaturesThatWereNotOffered(long features) {
        fixture.negotiate(SessionFixture.SPLIT);
        assertTrue(ack(SET_FEATURES, Payload.number(features)) != 0);
        assertEquals(SessionFixture.SPLIT, device.getNegotiatedFeatures());
        assertTrue(fixture.session.isOpen());
    }

    @Test
    void shouldRefuseProtocolFeaturesThatWereNotOffered() {
        fixture.negotiate(SessionFixture.SPLIT);
        assertTrue(ack(SET_PROTOCOL_FEATURES, Payload.number(ProtocolFeature.XEN_MMAP.mask())) != 0);
    }

    @Test
    void shouldRefuseOtherFeaturesWhileRingsRun() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        assertTrue(ack(SET_FEATURES, Payload.number(SessionFixture.SPLIT | VirtioFeature.MRG_RXBUF.mask())) != 0);
        assertEquals(SessionFixture.SPLIT, device.getNegotiatedFeatures());
        assertTrue(device.isRunning());
    }

    @Test
    void shouldEndTheSessionWhenAFailureCannotBeTold() {
        fixture.negotiate(SessionFixture.SPLIT);
        frontend.send(SET_FEATURES, Payload.number(1L << 63));
        frontend.awaitClosed();
        assertFalse(fixture.session.isOpen());
    }

    @Test
    void shouldNotAcknowledgeUnlessNegotiatedAndAsked() {
        frontend.sendRaw(FakeFrontend.header(RequestCode.SET_OWNER.code(), 0x9, 0), SessionFixture.NOTHING);
        assertTrue(frontend.nothingArrived());
        fixture.negotiate(SessionFixture.SPLIT);
        assertTrue(frontend.nothingArrived());
        assertEquals(0, ack(RequestCode.SET_OWNER, SessionFixture.NOTHING));
        assertTrue(frontend.nothingArrived());
    }

    @Test
    void shouldReplyOnceToMessagesWithAReplyOfTheirOwn() {
        fixture.negotiate(SessionFixture.SPLIT);
        assertEquals(OfferedFeatures.VIRTIO_DEFAULT, ack(GET_FEATURES, SessionFixture.NOTHING));
        assertTrue(frontend.nothingArrived());
    }

    @ParameterizedTest
    @EnumSource(
            value = RequestCode.class,
            names = {"POSTCOPY_ADVISE", "POSTCOPY_END", "GET_SHMEM_CONFIG", "CREATE_CRYPTO_SESSION"})
    void shouldRefuseWhatIsNotOfferedAndGoOn(RequestCode code) {
        fixture.negotiate(SessionFixture.SPLIT);
        assertTrue(ack(code, SessionFixture.NOTHING) != 0);
        assertTrue(fixture.session.isOpen());
    }

    @Test
    void shouldRefuseMessagesOfOtherDevicesAndGoOn() {
        fixture.negotiate(SessionFixture.SPLIT);
        assertTrue(ack(RequestCode.SET_CONFIG, new Payload().zeros(13).toBytes()) != 0);
        assertTrue(ack(RequestCode.GET_SHARED_OBJECT, new byte[16]) != 0);
        assertTrue(ack(RequestCode.CREATE_CRYPTO_SESSION, new byte[1072]) != 0);
        assertTrue(ack(RequestCode.CLOSE_CRYPTO_SESSION, Payload.number(1)) != 0);
        assertTrue(ack(RequestCode.VRING_KICK, Payload.state(0, 0)) != 0);
        try (EventFd event = EventFd.create()) {
            assertTrue(ack(RequestCode.GPU_SET_SOCKET, SessionFixture.NOTHING, event.fd()) != 0);
        }
        assertTrue(fixture.session.isOpen());
    }

    @Test
    void shouldRefuseNumbersWithoutAMeaningAndGoOn() {
        fixture.negotiate(SessionFixture.SPLIT);
        frontend.sendRaw(FakeFrontend.header(4711, 0x9, 5), new byte[5]);
        assertTrue(frontend.receive().u64() != 0);
        assertEquals(0, ack(RequestCode.SET_OWNER, SessionFixture.NOTHING));
    }

    @Test
    void shouldCloseDescriptorsOfRefusedRequests() {
        fixture.negotiate(SessionFixture.SPLIT);
        try (EventFd event = EventFd.create()) {
            assertTrue(ack(SET_LOG_BASE, new Payload().zeros(16).toBytes(), event.fd()) != 0);
        }
    }

    @Test
    void shouldAnswerConfigurationRequestsWithoutConfiguration() {
        byte[] payload = new Payload().u32(0).u32(4).u32(0).u32(0).toBytes();
        assertEquals(0, frontend.ask(GET_CONFIG, payload).payload().length);
    }

    @ParameterizedTest
    @CsvSource({"67, false", "68, true", "1500, true", "65535, true", "65536, false", "-1, false"})
    void shouldAcceptMtusThatExist(long mtu, boolean accepted) {
        fixture.negotiate(SessionFixture.SPLIT);
        assertEquals(accepted, ack(NET_SET_MTU, Payload.number(mtu)) == 0);
        assertEquals(accepted ? mtu : 0, device.getMtu());
    }

    @Test
    void shouldServeOnlyWhatWasNegotiated() {
        frontend.ask(GET_PROTOCOL_FEATURES, SessionFixture.NOTHING);
        frontend.send(SET_PROTOCOL_FEATURES, Payload.number(ProtocolFeature.REPLY_ACK.mask()));
        assertTrue(ack(NET_SET_MTU, Payload.number(1500)) != 0);
        assertTrue(ack(SET_STATUS, Payload.number(1)) != 0);
        assertTrue(ack(RequestCode.SEND_RARP, Payload.number(1)) != 0);
        assertTrue(ack(RequestCode.RESET_DEVICE, SessionFixture.NOTHING) != 0);
        assertTrue(ack(RequestCode.ADD_MEM_REG, fixture.guest.region(), fixture.guest.fd()) != 0);
        assertTrue(ack(RequestCode.REM_MEM_REG, fixture.guest.region()) != 0);
    }

    @Test
    void shouldKeepTheStatusAndClearFeaturesOkAfterARefusal() {
        fixture.negotiate(SessionFixture.SPLIT);
        frontend.send(SET_STATUS, Payload.number(11));
        assertEquals(11, frontend.ask(GET_STATUS, SessionFixture.NOTHING).u64());
        assertTrue(ack(SET_FEATURES, Payload.number(-1)) != 0);
        frontend.send(SET_STATUS, Payload.number(11));
        assertEquals(3, frontend.ask(GET_STATUS, SessionFixture.NOTHING).u64());
        assertTrue(ack(SET_STATUS, Payload.number(0x100)) != 0);
    }

    @Test
    void shouldTellTheFrontEndOfAChangedConfiguration() {
        fixture.negotiate(SessionFixture.SPLIT);
        assertFalse(device.backendConfigChange());
        try (UnixSocket.Pair channel = UnixSocket.pair()) {
            assertEquals(
                    0,
                    ack(
                            SET_BACKEND_REQ_FD,
                            SessionFixture.NOTHING,
                            channel.second().fd()));
            assertEquals(
                    0,
                    ack(
                            SET_BACKEND_REQ_FD,
                            SessionFixture.NOTHING,
                            channel.second().fd()));
            assertTrue(device.backendConfigChange());
            frontend.send(RequestCode.SET_OWNER, SessionFixture.NOTHING); // lets the task run
            FakeFrontend backend = new FakeFrontend(channel.first(), () -> {});
            FakeFrontend.Reply request = backend.receive();
            assertEquals(2, request.request());
            assertEquals(1, request.flags());
            assertEquals(0, request.payload().length);
        }
    }

    @Test
    void shouldRefuseAChannelThatIsNoSocket() {
        fixture.negotiate(SessionFixture.SPLIT);
        try (EventFd event = EventFd.create()) {
            assertTrue(ack(SET_BACKEND_REQ_FD, SessionFixture.NOTHING, event.fd()) != 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "0x2", "0x5"})
    void shouldEndTheSessionAtAWrongHeader(String flags) {
        frontend.sendRaw(
                FakeFrontend.header(RequestCode.GET_FEATURES.code(), Integer.decode(flags), 0), SessionFixture.NOTHING);
        frontend.awaitClosed();
        assertFalse(fixture.session.isOpen());
    }
}
