// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.GET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.RESET_DEVICE;
import static io.vhost4j.core.protocol.RequestCode.RESET_OWNER;
import static io.vhost4j.core.protocol.RequestCode.SEND_RARP;
import static io.vhost4j.core.protocol.RequestCode.SET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_STATUS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostDevice;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** When the device starts and stops, and what the application is told. */
@ExtendWith(LeakCheck.class)
class LifecycleTest {
    private static final String[] STARTED = {"newConnection", "newDevice", "vring 0 true", "vring 1 true"};

    private SessionFixture fixture;
    private VhostDevice device;

    @BeforeEach
    void open() {
        fixture = new SessionFixture();
        device = fixture.ops.device();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void shouldTellOfConnectionDeviceAndEndInOrder() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        assertEquals(List.of(STARTED), fixture.ops.drain());
        assertTrue(device.isRunning());
        assertSame(device, fixture.registry.find(device.vid()));

        fixture.frontend.close();

        assertEquals(List.of("destroyDevice", "destroyConnection"), fixture.ops.drain());
        assertFalse(device.isRunning());
        assertNull(fixture.registry.find(device.vid()));
        assertFalse(fixture.session.isOpen());
    }

    @Test
    void shouldStopTheDeviceBeforeTheRing() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        fixture.ops.drain();
        boolean[] startedInCallback = new boolean[1];
        fixture.ops.react(
                (event, of) -> startedInCallback[0] = of.getVhostVring(1).started());

        fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0));

        assertTrue(startedInCallback[0], "the ring must run during destroyDevice");
        assertEquals(List.of("destroyDevice"), fixture.ops.drain());
        fixture.frontend.ask(GET_VRING_BASE, Payload.state(0, 0));
        assertEquals(List.of(), fixture.ops.drain());
    }

    @Test
    void shouldStartAgainAfterAStop() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        fixture.frontend.ask(GET_VRING_BASE, Payload.state(0, 0));
        fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0));
        fixture.ops.drain();
        fixture.startRing(0, 256, 0);
        fixture.startRing(1, 256, 0);
        assertEquals(List.of("newDevice", "vring 0 true", "vring 1 true"), fixture.ops.drain());
    }

    @Test
    void shouldReportTheSecondPairWithoutStoppingTheDevice() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        fixture.ops.drain();
        fixture.startRing(2, 256, 0);
        fixture.startRing(3, 256, 0);
        fixture.frontend.ask(GET_VRING_BASE, Payload.state(3, 0));
        assertEquals(List.of("vring 2 true", "vring 3 true", "vring 3 false"), fixture.ops.drain());
        assertTrue(device.isRunning());
        assertEquals(4, device.getVringNum());
    }

    @Test
    void shouldWaitForTheDriverWhereTheStatusIsTold() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.frontend.send(SET_STATUS, Payload.number(0));
        fixture.frontend.send(SET_STATUS, Payload.number(11));
        fixture.giveMemory();
        fixture.startRing(0, 256, 7);
        fixture.startRing(1, 256, 8);
        assertFalse(device.isRunning());
        fixture.frontend.send(SET_STATUS, Payload.number(15));
        assertTrue(device.isRunning());

        fixture.frontend.send(SET_STATUS, Payload.number(0));

        assertFalse(device.isRunning());
        assertFalse(device.getVhostVring(0).started());
        assertEquals("destroyDevice", fixture.ops.drain().getLast());
        assertEquals(
                7, fixture.frontend.ask(GET_VRING_BASE, Payload.state(0, 0)).u32(4));
        assertEquals(
                8, fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0)).u32(4));
    }

    @Test
    void shouldResetAndStartAgain() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 9);
        assertEquals(0, fixture.frontend.sendForAck(RESET_DEVICE, SessionFixture.NOTHING));
        assertFalse(device.isRunning());
        assertFalse(device.getVhostVring(0).enabled());
        assertEquals(1, device.getMemTable().size());
        fixture.ops.drain();

        fixture.frontend.send(SET_FEATURES, Payload.number(SessionFixture.PACKED));
        fixture.startRing(0, 100, 0x80008000L);
        fixture.startRing(1, 100, 0x80008000L);

        assertEquals(List.of("newDevice", "vring 0 true", "vring 1 true"), fixture.ops.drain());
        assertTrue(device.getVhostVring(0).packed());
    }

    @Test
    void shouldDisableRingsAtResetOwner() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        assertEquals(0, fixture.frontend.sendForAck(RESET_OWNER, SessionFixture.NOTHING));
        assertFalse(device.isRunning());
        assertTrue(device.getVhostVring(0).started());
        assertFalse(device.getVhostVring(0).enabled());
    }

    @Test
    void shouldEndTheSessionWhenNewDeviceThrows() {
        fixture.ops.react((event, of) -> {
            if (event.equals("newDevice")) {
                throw new IllegalStateException("no room");
            }
        });
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        assertEquals(List.of("newConnection", "newDevice", "destroyConnection"), fixture.ops.drain());
        assertFalse(fixture.session.isOpen());
    }

    @Test
    void shouldFinishTheEndWhenCallbacksThrow() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        fixture.ops.drain();
        fixture.ops.react((event, of) -> {
            throw new IllegalStateException(event);
        });
        fixture.frontend.close();
        assertEquals(List.of("destroyDevice", "destroyConnection"), fixture.ops.drain());
        assertNull(fixture.registry.find(device.vid()));
    }

    @Test
    void shouldGiveTheSmallestFreeId() {
        try (SessionFixture other = new SessionFixture()) {
            assertEquals(0, other.ops.device().vid());
        }
        DeviceRegistry registry = new DeviceRegistry();
        VhostDevice first = registry.register(vid -> new DeviceImpl(vid, fixture.session));
        VhostDevice second = registry.register(vid -> new DeviceImpl(vid, fixture.session));
        VhostDevice third = registry.register(vid -> new DeviceImpl(vid, fixture.session));
        registry.remove(second.vid());
        assertNull(registry.find(1));
        assertEquals(
                1,
                registry.register(vid -> new DeviceImpl(vid, fixture.session)).vid());
        assertSame(first, registry.find(0));
        assertSame(third, registry.find(2));
        assertNull(registry.find(-1));
        assertNull(registry.find(3));
    }

    @Test
    void shouldDeliverTheAnnouncementOfAMigratedGuest() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        fixture.frontend.send(SEND_RARP, Payload.number(0x0504_0302_0152L));
        try (PacketPool pool = PacketPool.builder().count(8).build()) {
            Packet[] packets = new Packet[4];
            assertEquals(1, device.dequeueBurst(1, pool, packets, 0, 4));
            byte[] source = new byte[6];
            packets[0].getBytes(6, source, 0, 6);
            assertArrayEquals(new byte[] {0x52, 1, 2, 3, 4, 5}, source);
            pool.freeBulk(packets, 0, 1);
            assertEquals(0, device.dequeueBurst(1, pool, packets, 0, 4));
        }
    }

    @Test
    void shouldStopABrokenRingTellTheFrontEndAndLiveOn() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        fixture.ops.drain();
        try (EventFd err = EventFd.create();
                PacketPool pool = PacketPool.builder().count(8).build()) {
            fixture.frontend.send(RequestCode.SET_VRING_ERR, Payload.number(1), err.fd());
            fixture.guest.putU16(fixture.guest.avail(1) + 2, 1000); // available index far ahead

            assertEquals(0, device.dequeueBurst(1, pool, new Packet[4], 0, 4));
            fixture.frontend.send(RequestCode.SET_OWNER, SessionFixture.NOTHING); // lets the task run

            assertEquals(1, err.drain());
            assertTrue(device.getVhostVring(1).broken());
            assertEquals(List.of("vring 1 false"), fixture.ops.drain());
            assertEquals(
                    0, fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0)).u32(4));
        }
    }

    @Test
    void shouldKeepWhatTellsOfErrorsOverStopAndReset() {
        try (EventFd err = EventFd.create();
                PacketPool pool = PacketPool.builder().count(8).build()) {
            fixture.negotiate(SessionFixture.SPLIT);
            fixture.frontend.send(RequestCode.SET_VRING_ERR, Payload.number(1), err.fd());
            fixture.frontend.send(RESET_DEVICE, SessionFixture.NOTHING);
            fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0));
            fixture.startDevice(SessionFixture.SPLIT, 256, 0);
            fixture.guest.putU16(fixture.guest.avail(1) + 2, 1000);
            assertEquals(0, device.dequeueBurst(1, pool, new Packet[4], 0, 4));
            assertEquals(1, err.drain());
        }
    }

    @Test
    void shouldKeepBurstsOfOtherThreadsOutOfWhatChanges() throws Exception {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        AtomicBoolean end = new AtomicBoolean();
        AtomicLong bursts = new AtomicLong();
        CountDownLatch first = new CountDownLatch(1);
        FutureTask<Void> polling = new FutureTask<>(
                () -> {
                    try (PacketPool pool = PacketPool.builder().count(64).build()) {
                        Packet[] packets = new Packet[8];
                        while (!end.get()) {
                            pool.freeBulk(packets, 0, device.dequeueBurst(1, pool, packets, 0, 8));
                            device.enqueueBurst(0, packets, 0, 0);
                            device.rxQueueCount(1);
                            bursts.incrementAndGet();
                            first.countDown();
                        }
                    }
                },
                null);
        Thread poller = new Thread(polling, "poller");
        poller.start();
        assertTrue(first.await(10, TimeUnit.SECONDS));
        for (int i = 0; i < 200; i++) {
            fixture.giveMemory();
            fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0));
            fixture.startRing(1, 256, 0);
        }
        fixture.frontend.close();
        end.set(true);
        polling.get(10, TimeUnit.SECONDS);
        poller.join();
        assertTrue(bursts.get() > 0);
        assertEquals(
                200, fixture.ops.drain().stream().filter("newDevice"::equals).count() - 1);
    }

    @Test
    void shouldCheckRingNumbersOfTheApplication() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        Packet[] none = new Packet[0];
        assertEquals(0, device.enqueueBurst(2, none, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> device.enqueueBurst(1, none, 0, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> device.getVhostVring(2));
        assertThrows(IndexOutOfBoundsException.class, () -> device.getVhostVring(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> device.vringCall(2));
    }
}
