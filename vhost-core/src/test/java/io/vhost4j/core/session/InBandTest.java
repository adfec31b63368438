// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.SET_BACKEND_REQ_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_PROTOCOL_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_CALL;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_KICK;
import static io.vhost4j.core.protocol.RequestCode.VRING_KICK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.BackendCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Notifications as messages. */
@ExtendWith(LeakCheck.class)
class InBandTest {
    private static final int NO_FD = 0x100;

    private SessionFixture fixture;
    private FakeFrontend channel;
    private VhostDevice device;

    @BeforeEach
    void open() {
        fixture = new SessionFixture(
                OfferedFeatures.VIRTIO_DEFAULT,
                OfferedFeatures.PROTOCOL_DEFAULT | ProtocolFeature.INBAND_NOTIFICATIONS.mask());
        device = fixture.ops.device();
        fixture.negotiate(SessionFixture.SPLIT);
        UnixSocket.Pair pair = UnixSocket.pair();
        try (UnixSocket theirs = pair.second()) {
            fixture.frontend.send(SET_BACKEND_REQ_FD, SessionFixture.NOTHING, theirs.fd());
        }
        channel = new FakeFrontend(pair.first(), fixture::work);
        fixture.giveMemory();
    }

    @AfterEach
    void close() {
        channel.close();
        fixture.close();
    }

    private long kick(int queue) {
        return fixture.frontend.sendForAck(VRING_KICK, Payload.state(queue, 0));
    }

    private void start() {
        for (int queue = 0; queue < 2; queue++) {
            fixture.describeRing(queue, 256, 0);
            assertEquals(0, kick(queue));
            fixture.enable(queue, 1);
        }
    }

    @Test
    void shouldStartRingsAndWakeWhoWaits() {
        start();
        assertTrue(device.isRunning());
        int fd = device.kickFd(1);
        assertTrue(Poll.await(fd, Poll.IN, 0) != 0, "the first kick");
        assertEquals(0, kick(1));
        assertEquals(fd, device.kickFd(1));
    }

    @Test
    void shouldNotifyTheGuestByAMessage() {
        start();
        device.notifyGuest(0);
        device.notifyGuest(0);
        fixture.work();
        FakeFrontend.Reply call = channel.receive();
        assertEquals(BackendCode.VRING_CALL.code(), call.request());
        assertEquals(1, call.flags());
        assertEquals(0, call.u32(0));
        assertEquals(0, call.u32(4));
        assertTrue(channel.nothingArrived(), "two at once are one");
        device.notifyGuest(1);
        fixture.work();
        assertEquals(1, channel.receive().u32(0));
    }

    @Test
    void shouldPreferWhatTheFrontEndGives() {
        start();
        try (EventFd call = EventFd.create()) {
            fixture.frontend.send(SET_VRING_CALL, Payload.number(0), call.fd());
            device.notifyGuest(0);
            fixture.work();
            assertEquals(1, call.drain());
            fixture.frontend.send(SET_VRING_CALL, Payload.number(0 | NO_FD));
            device.notifyGuest(0);
            fixture.work();
            assertTrue(channel.nothingArrived(), "the guest polls");
        }
        fixture.frontend.send(SET_VRING_KICK, Payload.number(1 | NO_FD));
        assertEquals(-1, device.kickFd(1));
        assertEquals(0, kick(1));
        assertEquals(-1, device.kickFd(1), "we are to poll");
    }

    @Test
    void shouldTellOfBrokenRingsByAMessage() {
        start();
        fixture.guest.putU16(fixture.guest.avail(0) + 2, 0x7000);
        assertEquals(0, device.availEntries(0) & 0);
        io.vhost4j.packet.Packet[] none = new io.vhost4j.packet.Packet[1];
        io.vhost4j.packet.PacketPool pool =
                io.vhost4j.packet.PacketPool.builder().count(8).build();
        try (pool) {
            fixture.guest.putU16(fixture.guest.avail(1) + 2, 0x7000);
            assertEquals(0, device.dequeueBurst(1, pool, none, 0, 1));
        }
        fixture.work();
        FakeFrontend.Reply err = channel.receive();
        assertEquals(BackendCode.VRING_ERR.code(), err.request());
        assertEquals(1, err.u32(0));
        assertEquals(1, fixture.counters.snapshot().ringsBroken());
    }

    @Test
    void shouldRefuseAReservedNumber() {
        assertTrue(fixture.frontend.sendForAck(VRING_KICK, Payload.state(0, 1)) != 0);
    }

    @Test
    void shouldNeedTheFeaturesThatItStandsOn() {
        long alone = ProtocolFeature.maskOf(ProtocolFeature.INBAND_NOTIFICATIONS, ProtocolFeature.REPLY_ACK);
        assertTrue(fixture.frontend.sendForAck(SET_PROTOCOL_FEATURES, Payload.number(alone)) != 0);
        assertFalse(device.isRunning());
    }
}
