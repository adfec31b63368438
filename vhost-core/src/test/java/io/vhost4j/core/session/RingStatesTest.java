// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.GET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_MEM_TABLE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ADDR;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_CALL;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ENABLE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_KICK;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_NUM;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Started, stopped, enabled, disabled, and what must be known to start. */
@ExtendWith(LeakCheck.class)
class RingStatesTest {
    private static final long NO_FD = 0x100;

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

    private boolean started(int queue) {
        return device.getVhostVring(queue).started();
    }

    private long ack(RequestCode code, byte[] payload, int... fds) {
        return fixture.frontend.sendForAck(code, payload, fds);
    }

    @Test
    void shouldStartAtKickAndStopAtGetVringBase() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        fixture.describeRing(0, 256, 5);
        assertFalse(started(0));
        fixture.kick(0);
        assertTrue(started(0));
        assertFalse(device.getVhostVring(0).enabled());
        assertTrue(device.kickFd(0) >= 0);

        var state = fixture.frontend.ask(GET_VRING_BASE, Payload.state(0, 0));

        assertEquals(0, state.u32(0));
        assertEquals(5, state.u32(4));
        assertFalse(started(0));
        assertEquals(-1, device.kickFd(0));
    }

    @Test
    void shouldStartWithoutAKickDescriptorAndWithoutACall() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        for (int queue = 0; queue < 2; queue++) {
            fixture.describeRing(queue, 128, 0);
            assertEquals(0, ack(SET_VRING_KICK, Payload.number(queue | NO_FD)));
            fixture.enable(queue, 1);
        }
        assertTrue(device.isRunning());
    }

    @ParameterizedTest
    @ValueSource(strings = {"NABKM", "KNABM", "MKBAN", "ABKMN", "BMNKA", "KMABN"})
    void shouldStartInWhateverOrderThingsBecomeKnown(String order) {
        fixture.negotiate(SessionFixture.SPLIT);
        for (int i = 0; i < order.length(); i++) {
            assertFalse(device.getVringNum() > 0 && started(0), order.substring(0, i));
            switch (order.charAt(i)) {
                case 'N' -> ack(SET_VRING_NUM, Payload.state(0, 64));
                case 'A' -> ack(SET_VRING_ADDR, fixture.addresses(0));
                case 'B' -> ack(SET_VRING_BASE, Payload.state(0, 0));
                case 'K' -> fixture.kick(0);
                default -> fixture.giveMemory();
            }
        }
        assertTrue(started(0));
    }

    @Test
    void shouldReplaceTheKickDescriptorWithoutStopping() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        fixture.ops.drain();
        fixture.kick(0);
        fixture.kick(0);
        assertTrue(started(0));
        assertTrue(device.getVhostVring(0).enabled());
        assertEquals(List.of(), fixture.ops.drain());
    }

    @Test
    void shouldSeeBuffersThatCameWhileTheRingWasDisabled() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        fixture.enable(0, 0);
        fixture.guest.putU16(fixture.guest.avail(0) + 2, 5);
        assertEquals(0, device.availEntries(0));
        fixture.enable(0, 1);
        assertEquals(5, device.availEntries(0), "without another kick");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldStopWithoutWaitingWhereThatWasNegotiated(boolean negotiated) {
        long more = negotiated
                ? ProtocolFeature.maskOf(
                        ProtocolFeature.GET_VRING_BASE_INFLIGHT, ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN)
                : 0;
        try (SessionFixture other =
                new SessionFixture(OfferedFeatures.VIRTIO_DEFAULT, OfferedFeatures.PROTOCOL_DEFAULT | more)) {
            other.startDevice(SessionFixture.PACKED, 256, 0x80038005L);
            other.frontend.send(RequestCode.GET_VRING_BASE_SKIP_DRAIN, Payload.state(1, 0));
            if (negotiated) {
                assertEquals(0x80038005, other.frontend.receive().u32(4));
                assertFalse(other.ops.device().getVhostVring(1).started());
            } else {
                other.frontend.awaitClosed();
            }
        }
    }

    @Test
    void shouldSeeBuffersThatCameBeforeTheRingStarted() {
        fixture.guest.putU16(fixture.guest.avail(0) + 2, 5);
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        assertEquals(5, device.availEntries(0));
    }

    @Test
    void shouldEnableBeforeTheRingIsKnownOtherwise() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.enable(0, 1);
        fixture.enable(1, 1);
        fixture.giveMemory();
        for (int queue = 0; queue < 2; queue++) {
            fixture.describeRing(queue, 256, 0);
            fixture.kick(queue);
        }
        assertTrue(device.isRunning());
    }

    @Test
    void shouldTellThePositionAlsoOfRingsThatDoNotRun() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.frontend.send(SET_VRING_BASE, Payload.state(1, 77));
        for (int i = 0; i < 2; i++) {
            assertEquals(
                    77,
                    fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0)).u32(4));
        }
    }

    @Test
    void shouldForgetAllOfARingButItsSizeWhenItStops() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0));
        assertEquals(-1, device.kickFd(1));
        fixture.kick(1);
        assertFalse(started(1), "its addresses have to come again");
        fixture.frontend.send(SET_VRING_ADDR, fixture.addresses(1));
        assertTrue(started(1));
    }

    @Test
    void shouldRefuseOtherProtocolFeaturesWhileRingsRun() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        long agreed = device.getNegotiatedProtocolFeatures();
        assertEquals(0, ack(RequestCode.SET_PROTOCOL_FEATURES, Payload.number(agreed)));
        assertTrue(ack(RequestCode.SET_PROTOCOL_FEATURES, Payload.number(agreed & ~1)) != 0);
        assertEquals(agreed, device.getNegotiatedProtocolFeatures());
    }

    @Test
    void shouldTakeCallDescriptorsAtAnyTime() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        try (EventFd first = EventFd.create();
                EventFd second = EventFd.create()) {
            assertEquals(0, ack(SET_VRING_CALL, Payload.number(0), first.fd()));
            assertEquals(0, ack(SET_VRING_CALL, Payload.number(0), second.fd()));
            device.notifyGuest(0);
            assertEquals(0, first.drain());
            assertEquals(1, second.drain());
            assertEquals(0, ack(SET_VRING_CALL, Payload.number(0 | NO_FD)));
            device.notifyGuest(0);
            assertEquals(0, second.drain());
        }
    }

    @Test
    void shouldEnableAtOnceWithoutProtocolFeatures() {
        fixture.giveMemory();
        fixture.frontend.send(SET_FEATURES, Payload.number(VirtioFeature.VERSION_1.mask()));
        for (int queue = 0; queue < 2; queue++) {
            fixture.describeRing(queue, 256, 0);
            fixture.kick(queue);
        }
        assertTrue(device.isRunning());
        assertEquals(List.of("newConnection", "newDevice", "vring 0 true", "vring 1 true"), fixture.ops.drain());
    }

    @Test
    void shouldKeepEnabledOverSetFeatures() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        assertEquals(0, ack(SET_FEATURES, Payload.number(SessionFixture.SPLIT)));
        assertTrue(device.getVhostVring(0).enabled());
    }

    @Test
    void shouldReportDisabledAndEnabledRings() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        fixture.ops.drain();
        fixture.enable(1, 0);
        fixture.enable(1, 0);
        fixture.enable(1, 1);
        assertEquals(List.of("vring 1 false", "vring 1 true"), fixture.ops.drain());
        assertTrue(device.isRunning());
    }

    @Test
    void shouldGiveBackThePackedPositionWhole() {
        fixture.startDevice(SessionFixture.PACKED, 100, 0x80058005L);
        assertTrue(device.getVhostVring(0).packed());
        assertEquals(
                0x80058005,
                fixture.frontend.ask(GET_VRING_BASE, Payload.state(0, 0)).u32(4));
    }

    @Test
    void shouldCompleteThePositionOfFrontEndsThatKeepHalfOfIt() {
        fixture.startDevice(SessionFixture.PACKED, 256, 0x8007);
        assertEquals(0x80078007, device.getVringBase(1));
    }

    @Test
    void shouldAcceptAPackedPositionOfZero() {
        fixture.startDevice(SessionFixture.PACKED, 256, 0);
        assertEquals(0, device.getVringBase(0));
    }

    @ParameterizedTest
    @CsvSource({"SET_VRING_NUM", "SET_VRING_BASE", "SET_VRING_ENABLE"})
    void shouldRefuseRingsThatTheDeviceDoesNotHave(RequestCode code) {
        fixture.negotiate(SessionFixture.SPLIT);
        assertEquals(0, ack(code, Payload.state(3, 1)));
        assertTrue(ack(code, Payload.state(4, 1)) != 0);
        assertTrue(ack(code, Payload.state(0x8000_0000L, 1)) != 0);
        assertTrue(ack(code, Payload.state(0xffff_ffffL, 1)) != 0);
        assertEquals(4, device.getVringNum());
    }

    @Test
    void shouldRefuseDescriptorsOfRingsThatTheDeviceDoesNotHave() {
        fixture.negotiate(SessionFixture.SPLIT);
        try (EventFd event = EventFd.create()) {
            assertTrue(ack(SET_VRING_KICK, Payload.number(4), event.fd()) != 0);
            assertTrue(ack(SET_VRING_CALL, Payload.number(255), event.fd()) != 0);
            assertTrue(ack(RequestCode.SET_VRING_ERR, Payload.number(4), event.fd()) != 0);
        }
        assertTrue(fixture.session.isOpen());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 32769, 0xffff_ffffL})
    void shouldRefuseSizesThatNoRingHas(long size) {
        fixture.negotiate(SessionFixture.SPLIT);
        assertTrue(ack(SET_VRING_NUM, Payload.state(0, size)) != 0);
    }

    @Test
    void shouldRefuseToStartASplitRingWhoseSizeIsNoPowerOfTwo() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        fixture.describeRing(0, 100, 0);
        assertTrue(ack(SET_VRING_KICK, Payload.number(NO_FD)) != 0);
        assertFalse(started(0));
        assertTrue(fixture.session.isOpen());
    }

    @ParameterizedTest
    @CsvSource({"false, 256, 65536", "true, 256, 0x80008100", "true, 256, 0x81008000", "true, 256, 0x00000100"})
    void shouldRefuseToStartAtAPositionOutsideTheRing(boolean packed, int size, String base) {
        fixture.negotiate(packed ? SessionFixture.PACKED : SessionFixture.SPLIT);
        fixture.giveMemory();
        fixture.describeRing(0, size, Long.decode(base));
        assertTrue(ack(SET_VRING_KICK, Payload.number(NO_FD)) != 0);
        assertFalse(started(0));
    }

    @ParameterizedTest
    @CsvSource({"8, 0, 0", "0, 2, 0", "0, 0, 1"})
    void shouldRefuseMisalignedRings(int desc, int used, int avail) {
        fixture.negotiate(SessionFixture.SPLIT);
        FrontendMemory guest = fixture.guest;
        byte[] at = Payload.addresses(0, 0, guest.desc(0) + desc, guest.used(0) + used, guest.avail(0) + avail);
        assertTrue(ack(SET_VRING_ADDR, at) != 0);
    }

    @Test
    void shouldNotStartARingThatIsNotWhollyInMemory() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        long end = FrontendMemory.USER + fixture.guest.size();
        ack(SET_VRING_NUM, Payload.state(0, 256));
        ack(SET_VRING_KICK, Payload.number(NO_FD));
        long usedBytes = 6 + 8 * 256;
        long tooHigh = end - usedBytes + 2 & -4;
        ack(SET_VRING_ADDR, Payload.addresses(0, 0, fixture.guest.desc(0), tooHigh, fixture.guest.avail(0)));
        assertFalse(started(0));
        ack(SET_VRING_ADDR, Payload.addresses(0, 0, fixture.guest.desc(0), tooHigh - 4, fixture.guest.avail(0)));
        assertTrue(started(0));
    }

    @Test
    void shouldRefuseAnotherSizeWhileTheRingRuns() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        assertEquals(0, ack(SET_VRING_NUM, Payload.state(0, 256)));
        assertTrue(ack(SET_VRING_NUM, Payload.state(0, 128)) != 0);
        assertTrue(started(0));
    }

    @Test
    void shouldGoOnFromANewPositionWhileTheRingRuns() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        fixture.guest.putU16(fixture.guest.used(0) + 2, 9);
        assertEquals(0, ack(SET_VRING_BASE, Payload.state(0, 9)));
        assertTrue(started(0));
        assertEquals(9, device.getVringBase(0));
    }

    @Test
    void shouldGoOnWhereTheRingWasUsedForFrontEndsThatForget() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        fixture.describeRing(0, 256, 0xfff0);
        assertEquals(0, ack(SET_VRING_BASE, Payload.state(0, 0)));
        fixture.kick(0);
        assertEquals(0xfff0, device.getVringBase(0));
    }

    @Test
    void shouldMoveARunningRingToNewAddresses() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 7);
        FrontendMemory guest = fixture.guest;
        assertEquals(0, ack(SET_VRING_ADDR, Payload.addresses(0, 1, guest.desc(2), guest.used(2), guest.avail(2))));
        assertTrue(started(0));
        assertEquals(7, device.getVringBase(0));
    }

    @Test
    void shouldRefuseASwitchThatIsNeitherOnNorOff() {
        fixture.negotiate(SessionFixture.SPLIT);
        assertTrue(ack(SET_VRING_ENABLE, Payload.state(0, 2)) != 0);
    }

    @Test
    void shouldRefuseACallDescriptorThatCouldBlock() {
        fixture.negotiate(SessionFixture.SPLIT);
        try (OwnedFd file = MemFd.create("file", 4096)) {
            assertTrue(ack(SET_VRING_CALL, Payload.number(0), file.fd()) != 0);
        }
    }

    @Test
    void shouldSuspendARingWhoseMemoryGoesAndResumeItWhenItComesBack() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 3);
        fixture.ops.drain();
        try (EventFd err = EventFd.create()) {
            ack(RequestCode.SET_VRING_ERR, Payload.number(0), err.fd());

            assertEquals(0, ack(SET_MEM_TABLE, new Payload().u64(0).toBytes()));
            assertFalse(started(0));
            assertEquals(1, err.drain());
            assertTrue(device.isRunning());
            fixture.giveMemory();

            assertTrue(started(0));
            assertEquals(3, device.getVringBase(0));
            assertEquals(
                    List.of("vring 0 false", "vring 1 false", "vring 0 true", "vring 1 true"), fixture.ops.drain());
        }
    }

    @Test
    void shouldEndTheSessionWhenTheBaseOfNoRingIsAskedFor() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.frontend.send(GET_VRING_BASE, Payload.state(99, 0));
        fixture.frontend.awaitClosed();
        assertFalse(fixture.session.isOpen());
    }
}
