// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.GET_QUEUE_NUM;
import static io.vhost4j.core.protocol.RequestCode.GET_VRING_BASE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConnectionLimits;
import io.vhost4j.VhostDevice;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.ring.ChainBatch;
import io.vhost4j.core.ring.ChainDevice;
import io.vhost4j.core.ring.ChainWork;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Devices of other types, whose rings a module of the library serves. */
@ExtendWith(LeakCheck.class)
class ChainDeviceTest {
    private static final ChainWork GIVE_BACK = ring -> {
        int chains = ring.gather(8);
        for (int chain = 0; chain < chains; chain++) {
            ring.batch().writtenBytes[chain] = 5;
        }
        if (chains > 0) {
            ring.publish(chains);
        }
        return chains;
    };

    private SessionFixture fixture;
    private VhostDevice device;
    private ChainDevice chains;

    @BeforeEach
    void open() {
        fixture = new SessionFixture(
                OfferedFeatures.VIRTIO_DEFAULT,
                OfferedFeatures.PROTOCOL_DEFAULT,
                ConnectionLimits.DEFAULT,
                DeviceKind.CHAINS);
        device = fixture.ops.device();
        chains = (ChainDevice) device;
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private void kickOnly(int queue) {
        fixture.describeRing(queue, 64, 0);
        fixture.kick(queue);
    }

    private void describe(int queue, int slot, long gpa, int bytes, int flags) {
        long at = fixture.guest.desc(queue) + slot * 16L - FrontendMemory.USER;
        fixture.guest.memory().set(ValueLayout.JAVA_LONG, at, gpa);
        fixture.guest.memory().set(ValueLayout.JAVA_INT, at + 8, bytes);
        fixture.guest.memory().set(ValueLayout.JAVA_INT, at + 12, flags | slot + 1 << 16);
    }

    private void offerChain(int queue) {
        describe(queue, 0, FrontendMemory.GPA, 10, 1);
        describe(queue, 1, FrontendMemory.GPA + 0x1000, 20, 2);
        fixture.guest.putU16(fixture.guest.avail(queue) + 4, 0);
        fixture.guest.putU16(fixture.guest.avail(queue) + 2, 1);
    }

    @Test
    void shouldRunFromTheFirstKickWithoutEnabling() {
        assertEquals(
                4, fixture.frontend.ask(GET_QUEUE_NUM, SessionFixture.NOTHING).u64(), "rings, not pairs");
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        fixture.describeRing(1, 64, 0);
        kickOnly(0);
        assertTrue(device.isRunning());
        offerChain(0);
        assertEquals(0, chains.serve(1, GIVE_BACK, true), "not started");
        assertEquals(0, chains.serve(9, GIVE_BACK, true), "not named");
        assertEquals(1, chains.serve(0, GIVE_BACK, true));
        assertEquals(
                1, fixture.frontend.ask(GET_VRING_BASE, Payload.state(0, 0)).u32(4));
        assertFalse(device.isRunning());
        assertEquals(0, chains.serve(0, GIVE_BACK, true));
    }

    @Test
    void shouldObeyWhatIsSaidOfEnabling() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        fixture.enable(0, 0);
        kickOnly(0);
        assertFalse(device.isRunning());
        fixture.enable(0, 1);
        assertTrue(device.isRunning());
        fixture.enable(0, 0);
        offerChain(0);
        assertEquals(0, chains.serve(0, GIVE_BACK, true));
    }

    @Test
    void shouldRunWhileAnyRingDoes() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        kickOnly(0);
        kickOnly(1);
        fixture.ops.drain();
        fixture.frontend.ask(GET_VRING_BASE, Payload.state(0, 0));
        assertEquals(List.of("vring 0 false"), fixture.ops.drain());
        fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0));
        assertEquals(List.of("destroyDevice"), fixture.ops.drain());
    }

    @Test
    void shouldTellWhereWritableBuffersBegin() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        kickOnly(0);
        offerChain(0);
        chains.serve(
                0,
                ring -> {
                    assertEquals(1, ring.gather(8));
                    ChainBatch batch = ring.batch();
                    assertEquals(30, batch.totalBytes(0));
                    assertEquals(1, batch.firstWritable[0]);
                    assertEquals(2, batch.firstSegment[1]);
                    return 0;
                },
                true);
        assertEquals(1, device.rxQueueCount(0), "looked at only");
    }

    @Test
    void shouldNotifyAtOnceOrLater() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        kickOnly(0);
        try (EventFd call = EventFd.create()) {
            fixture.frontend.send(RequestCode.SET_VRING_CALL, Payload.number(0), call.fd());
            offerChain(0);
            assertEquals(1, chains.serve(0, GIVE_BACK, false));
            assertEquals(0, call.drain());
            device.vringCall(0);
            assertEquals(1, call.drain());
        }
    }

    @Test
    void shouldKnowPackedRingsByTheirPositionWhereFeaturesAreNotPassedOn() {
        fixture.negotiate(1L << 30);
        fixture.giveMemory();
        fixture.describeRing(0, 100, 0x80008000L);
        fixture.kick(0);
        assertTrue(device.isRunning(), "no split ring has a size that is no power of two");
        assertTrue(device.getVhostVring(0).packed());
        assertEquals(0x80008000, device.getVringBase(0));
    }

    @Test
    void shouldNotTakeASplitRingForAPackedOne() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        fixture.describeRing(0, 64, 0);
        assertEquals(0, fixture.frontend.sendForAck(RequestCode.SET_VRING_BASE, Payload.state(0, 0x80008000L)));
        try (EventFd kick = EventFd.create()) {
            assertEquals(1, fixture.frontend.sendForAck(RequestCode.SET_VRING_KICK, Payload.number(0), kick.fd()));
        }
        assertFalse(device.isRunning());
    }

    @Test
    void shouldTellWhetherItServesChains() {
        assertTrue(chains.servesChains());
        try (SessionFixture net = new SessionFixture()) {
            assertFalse(((ChainDevice) net.ops.device()).servesChains());
        }
    }

    @Test
    void shouldKeepPositionsToItself() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        kickOnly(0);
        assertThrows(IllegalStateException.class, () -> device.setVringBase(0, 1));
        assertEquals(0, device.enqueueBurst(0, new io.vhost4j.packet.Packet[1], 0, 0));
    }
}
