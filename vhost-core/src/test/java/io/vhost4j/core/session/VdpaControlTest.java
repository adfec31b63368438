// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.GET_CONFIG;
import static io.vhost4j.core.protocol.RequestCode.GET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.GET_PROTOCOL_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.GET_QUEUE_NUM;
import static io.vhost4j.core.protocol.RequestCode.GET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.SEND_RARP;
import static io.vhost4j.core.protocol.RequestCode.SET_BACKEND_REQ_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_CONFIG;
import static io.vhost4j.core.protocol.RequestCode.SET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_LOG_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ADDR;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_CALL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConnectionLimits;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.BackendCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import io.vhost4j.core.testkit.RecordingVdpa;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A session's rings go to a vDPA device, and come back. */
@ExtendWith(LeakCheck.class)
class VdpaControlTest {
    private static final long LOGGING = SessionFixture.SPLIT | VirtioFeature.LOG_ALL.mask();
    private static final List<String> STARTED =
            List.of("setFeatures", "setVringState 0 true", "setVringState 1 true", "newDevice", "devConf");

    private final List<String> events = new ArrayList<>();
    private final RecordingVdpa hardware = new RecordingVdpa(events);
    private SessionFixture fixture;
    private VhostDevice device;

    @BeforeEach
    void open() {
        fixture = new SessionFixture(
                OfferedFeatures.VIRTIO_DEFAULT | VirtioFeature.ACCESS_PLATFORM.mask(),
                OfferedFeatures.PROTOCOL_DEFAULT,
                ConnectionLimits.DEFAULT,
                DeviceKind.NET,
                hardware);
        device = fixture.ops.device();
        fixture.ops.react((event, of) -> {
            if (event.equals("newDevice") || event.equals("destroyDevice")) {
                events.add(event);
            }
        });
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private void start() {
        fixture.startDevice(SessionFixture.SPLIT, 64, 3);
        assertEquals(STARTED, hardware.drain());
    }

    @Test
    void shouldOfferWhatDriverAndDeviceHave() {
        long features =
                fixture.frontend.ask(GET_FEATURES, SessionFixture.NOTHING).u64();
        assertEquals(
                VirtioFeature.maskOf(
                        VirtioFeature.VERSION_1,
                        VirtioFeature.RING_PACKED,
                        VirtioFeature.LOG_ALL,
                        VirtioFeature.MQ,
                        VirtioFeature.PROTOCOL_FEATURES),
                features,
                "and no translation by messages, which a device cannot take part in");
        long protocol = fixture.frontend
                .ask(GET_PROTOCOL_FEATURES, SessionFixture.NOTHING)
                .u64();
        assertEquals(hardware.protocolFeatures, protocol, "doorbells and configuration, which come with the device");
        assertFalse(ProtocolFeature.INFLIGHT_SHMFD.in(protocol), "which the device does not keep");
        assertEquals(
                1, fixture.frontend.ask(GET_QUEUE_NUM, SessionFixture.NOTHING).u64());
    }

    @Test
    void shouldCallInDpdksOrder() {
        start();
        assertEquals(hardware, device.getVdpaDevice());
        assertTrue(device.isRunning());
        fixture.guest.putU16(fixture.guest.used(0) + 2, 7);
        fixture.guest.putU16(fixture.guest.used(1) + 2, 7);
        assertEquals(0, device.availEntries(0), "burst calls have nothing to do");
        assertEquals(
                7, fixture.frontend.ask(GET_VRING_BASE, Payload.state(0, 0)).u32(4));
        assertEquals(List.of("devClose", "destroyDevice", "setVringState 0 false"), hardware.drain());
        assertEquals(
                7, fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0)).u32(4));
        fixture.close();
        assertEquals(List.of("setVringState 1 false", "devCleanup"), hardware.drain());
    }

    @Test
    void shouldStopTheDeviceWhileMemoryChanges() {
        start();
        fixture.giveMemory();
        assertEquals(List.of("devClose", "devConf"), hardware.drain(), "which the application does not notice");
        fixture.guest.putU16(fixture.guest.used(1) + 2, 9);
        fixture.frontend.send(SET_VRING_BASE, Payload.state(1, 9));
        assertEquals(List.of("devClose", "devConf"), hardware.drain());
        assertEquals(9, device.getVringBase(1));
        fixture.kick(0);
        assertEquals(List.of("devClose", "devConf"), hardware.drain());
    }

    @Test
    void shouldGoOnWithTheDeviceWhenAChangeWasRefused() {
        start();
        byte[] addresses =
                Payload.addresses(1, 0, fixture.guest.desc(1) + 8, fixture.guest.used(1), fixture.guest.avail(1));
        assertEquals(1, fixture.frontend.sendForAck(SET_VRING_ADDR, addresses));
        assertEquals(List.of("devClose", "devConf"), hardware.drain());
    }

    @Test
    void shouldTellOfAnotherCallDescriptor() {
        start();
        try (EventFd call = EventFd.create()) {
            fixture.frontend.send(SET_VRING_CALL, Payload.number(0), call.fd());
        }
        assertEquals(List.of("setVringCall 0 true"), hardware.drain());
    }

    @Test
    void shouldTellOfLogging() {
        start();
        try (OwnedFd log = MemFd.create("log", 4096)) {
            MemFd.addSeals(log.fd(), MemFd.F_SEAL_SHRINK);
            byte[] size = new Payload().u64(4096).u64(0).toBytes();
            fixture.frontend.ask(SET_LOG_BASE, size, log.fd());
            fixture.frontend.send(SET_FEATURES, Payload.number(LOGGING));
            assertEquals(List.of("setFeatures logging"), hardware.drain());
            fixture.frontend.send(SET_VRING_ADDR, logged(1));
            assertEquals(List.of(), hardware.drain(), "the ring has not moved");
            fixture.frontend.ask(SET_LOG_BASE, size, log.fd());
            assertEquals(List.of("devClose", "devConf"), hardware.drain(), "another log while it is in use");
            fixture.frontend.send(SET_FEATURES, Payload.number(SessionFixture.SPLIT));
            assertEquals(List.of("setFeatures"), hardware.drain());
        }
    }

    private byte[] logged(int queue) {
        return new Payload()
                .u32(queue)
                .u32(1)
                .u64(fixture.guest.desc(queue))
                .u64(fixture.guest.used(queue))
                .u64(fixture.guest.avail(queue))
                .u64(FrontendMemory.GPA)
                .toBytes();
    }

    @Test
    void shouldHaveTheDeviceAnnounceTheGuest() {
        start();
        fixture.frontend.send(SEND_RARP, Payload.number(0x123456));
        assertEquals(List.of("migrationDone"), hardware.drain());
    }

    @Test
    void shouldPassOnTheConfiguration() {
        start();
        byte[] read = new Payload().u32(4).u32(1).u32(0).zeros(1).toBytes();
        byte[] answer = fixture.frontend.ask(GET_CONFIG, read).payload();
        assertEquals(5, answer[12]);
        fixture.frontend.send(SET_CONFIG, read);
        assertEquals(List.of("setConfig 4"), hardware.drain());
    }

    @Test
    void shouldServeWhenTheDeviceDoesNot() {
        hardware.refuses = true;
        fixture.startDevice(SessionFixture.SPLIT, 64, 3);
        List<String> expected = new ArrayList<>(STARTED);
        expected.addAll(List.of("destroyDevice", "newDevice"));
        assertEquals(expected, hardware.drain());
        assertNull(device.getVdpaDevice());
        assertTrue(device.isRunning());
        makeAvailable(1, 4);
        assertEquals(1, device.rxQueueCount(1));
        assertEquals(1, fixture.counters.snapshot().vdpaFailures());
    }

    /** The guest's available index. */
    private void makeAvailable(int queue, int index) {
        fixture.guest.putU16(fixture.guest.avail(queue) + 2, index);
    }

    @Test
    void shouldTakeOverWhereADeviceFailed() {
        start();
        for (int queue = 0; queue < 2; queue++) {
            fixture.guest.putU16(fixture.guest.used(queue) + 2, 7);
        }
        makeAvailable(1, 10);
        hardware.fail("as was asked for");
        fixture.work();
        assertEquals(List.of("devClose", "destroyDevice", "newDevice"), hardware.drain());
        assertNull(device.getVdpaDevice());
        assertEquals(7, device.getVringBase(0));
        assertEquals(3, device.rxQueueCount(1));
        assertEquals(1, fixture.counters.snapshot().vdpaFailures());
        fixture.giveMemory();
        assertEquals(List.of(), hardware.drain(), "it is not asked again");
    }

    @Test
    void shouldFindThePositionOfASplitRingInMemory() {
        start();
        hardware.base = -1;
        hardware.stopsBadly = true;
        fixture.guest.putU16(fixture.guest.used(0) + 2, 11);
        hardware.fail("as was asked for");
        fixture.work();
        assertEquals(11, device.getVringBase(0));
        assertTrue(device.isRunning());
        assertEquals(2, fixture.counters.snapshot().vdpaFailures(), "failed, and did not stop in good order");
    }

    @Test
    void shouldGiveUpAPackedRingWhosePositionIsNotKnown() {
        fixture.startDevice(SessionFixture.PACKED, 64, 0x8000_8000L);
        assertTrue(device.isRunning());
        hardware.base = -1;
        long before = fixture.counters.snapshot().ringsBroken();
        hardware.fail("as was asked for");
        fixture.work();
        assertFalse(device.isRunning());
        assertEquals(before + 2, fixture.counters.snapshot().ringsBroken());
    }

    @Test
    void shouldHandOverAndTakeBackWhileRunning() {
        start();
        hardware.base = 5;
        fixture.guest.putU16(fixture.guest.used(0) + 2, 5);
        fixture.guest.putU16(fixture.guest.used(1) + 2, 5);
        fixture.attach(null);
        assertEquals(List.of("devClose", "destroyDevice", "newDevice"), hardware.drain());
        assertNull(device.getVdpaDevice());
        makeAvailable(1, 6);
        assertEquals(1, device.rxQueueCount(1));
        fixture.attach(hardware);
        assertEquals(
                List.of(
                        "destroyDevice",
                        "setFeatures",
                        "setVringState 0 true",
                        "setVringState 1 true",
                        "newDevice",
                        "devConf"),
                hardware.drain());
        assertEquals(hardware, device.getVdpaDevice());
        assertEquals(5, device.getVringBase(1));
    }

    @Test
    void shouldKeepTheRingsFromADeviceThatLacksAFeature() {
        fixture.attach(null);
        hardware.features = VirtioFeature.PROTOCOL_FEATURES.mask();
        fixture.startDevice(SessionFixture.SPLIT, 64, 3);
        hardware.drain();
        fixture.attach(hardware);
        assertEquals(List.of(), hardware.drain());
        assertNull(device.getVdpaDevice());
    }

    @Test
    void shouldOfferADoorbellToTheGuest() {
        UnixSocket.Pair pair = UnixSocket.pair();
        FakeFrontend channel = new FakeFrontend(pair.first(), fixture::work);
        try (channel;
                OwnedFd file = MemFd.create("bar", 8192)) {
            hardware.fd = file.fd();
            fixture.negotiate(SessionFixture.SPLIT);
            try (UnixSocket theirs = pair.second()) {
                fixture.frontend.send(SET_BACKEND_REQ_FD, SessionFixture.NOTHING, theirs.fd());
            }
            fixture.giveMemory();
            fixture.startRing(0, 64, 0);
            fixture.startRing(1, 64, 0);
            fixture.work();
            try (FdBag fds = new FdBag()) {
                FakeFrontend.Reply request = channel.receiveWith(fds);
                assertEquals(BackendCode.VRING_HOST_NOTIFIER.code(), request.request());
                assertEquals(1, request.u32(0), "the ring");
                assertEquals(4096, request.u32(8), "the size");
                assertEquals(4096, request.u32(16), "where");
                assertEquals(1, fds.size());
            }
            assertFalse(assertDoorbell().isDone());
            channel.sendRaw(
                    FakeFrontend.header(BackendCode.VRING_HOST_NOTIFIER.code(), 5, Long.BYTES), Payload.number(1));
            assertTrue(assertDoorbell().isCompletedExceptionally(), "then its notifications are relayed");
        }
    }

    private java.util.concurrent.CompletableFuture<Void> assertDoorbell() {
        java.util.concurrent.CompletableFuture<Void> doorbell = hardware.doorbell;
        assertNotNull(doorbell);
        return doorbell;
    }

    @Test
    void shouldAskTheGuestForNotificationsOnBehalfOfTheDevice() {
        start();
        long flags = fixture.guest.used(1) - FrontendMemory.USER;
        assertEquals(0, fixture.guest.memory().get(ValueLayout.JAVA_SHORT, flags), "used.flags while it serves");
        hardware.fail("as was asked for");
        fixture.work();
        assertEquals(1, fixture.guest.memory().get(ValueLayout.JAVA_SHORT, flags), "used.flags: we poll");
    }
}
