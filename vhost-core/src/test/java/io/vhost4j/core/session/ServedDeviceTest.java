// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.GET_INFLIGHT_FD;
import static io.vhost4j.core.protocol.RequestCode.GET_QUEUE_NUM;
import static io.vhost4j.core.protocol.RequestCode.GET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_INFLIGHT_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_LOG_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ADDR;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConnectionLimits;
import io.vhost4j.PowerMonitorCondition;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.RingInflight;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.VringMemory;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.testkit.FakeFrontend.Reply;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices of other types, whose rings the application serves itself. */
@ExtendWith(LeakCheck.class)
class ServedDeviceTest {
    private static final long LOG_ALL = VirtioFeature.LOG_ALL.mask();

    private SessionFixture fixture;
    private VhostDevice device;

    private void open(boolean builtinNet) {
        fixture = new SessionFixture(
                OfferedFeatures.VIRTIO_DEFAULT | 1L << 2,
                OfferedFeatures.PROTOCOL_DEFAULT,
                ConnectionLimits.DEFAULT,
                builtinNet ? DeviceKind.NET : DeviceKind.APPLICATION);
        device = fixture.ops.device();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void shouldBeReadyWhenAllRingsAre() {
        open(false);
        assertEquals(
                4, fixture.frontend.ask(GET_QUEUE_NUM, SessionFixture.NOTHING).u64(), "rings, not pairs");
        fixture.negotiate(SessionFixture.SPLIT | 1L << 2);
        fixture.giveMemory();
        fixture.describeRing(2, 64, 0);
        for (int queue = 0; queue < 2; queue++) {
            fixture.startRing(queue, 64, 0);
            assertFalse(device.isRunning());
        }
        fixture.startRing(2, 64, 0);
        assertTrue(device.isRunning());
        assertEquals(0, device.dequeueBurst(1, null, new io.vhost4j.packet.Packet[1], 0, 1));
        fixture.ops.drain();
        fixture.frontend.ask(GET_VRING_BASE, Payload.state(2, 0));
        assertEquals(List.of("destroyDevice"), fixture.ops.drain());
    }

    @Test
    void shouldShowARingsMemory() {
        open(false);
        fixture.startDevice(SessionFixture.SPLIT, 64, 0);
        VringMemory ring = device.getVringMemory(1);
        assertEquals(64 * 16, ring.desc().byteSize());
        assertEquals(6 + 2 * 64, ring.driver().byteSize());
        assertEquals(6 + 8 * 64, ring.device().byteSize());
        assertEquals(-1, ring.logGuestAddr());
        fixture.guest.putU16(fixture.guest.avail(1) + 2, 77);
        assertEquals(77, ring.driver().get(ValueLayout.JAVA_SHORT, 2));
        fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0));
        assertThrows(VhostException.class, () -> device.getVringMemory(1));
        assertThrows(IndexOutOfBoundsException.class, () -> device.getVringMemory(3));
        fixture.frontend.send(
                io.vhost4j.core.protocol.RequestCode.SET_MEM_TABLE,
                new Payload().u64(0).toBytes());
        assertThrows(IllegalStateException.class, () -> ring.driver().get(ValueLayout.JAVA_SHORT, 2));
    }

    @Test
    void shouldTellThePositionThatTheApplicationReached() {
        open(false);
        fixture.startDevice(SessionFixture.SPLIT, 64, 0);
        fixture.ops.react((event, of) -> {
            if (event.equals("destroyDevice")) {
                of.setVringBase(1, 41);
            }
        });
        assertEquals(
                41, fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0)).u32(4));
    }

    @Test
    void shouldKeepRingsThatTheLibraryServesToItself() {
        open(true);
        fixture.startDevice(SessionFixture.SPLIT, 64, 0);
        assertThrows(IllegalStateException.class, () -> device.setVringBase(0, 1));
        assertThrows(IllegalStateException.class, () -> device.getVhostRingInflight(0));
        assertEquals(64 * 16, device.getVringMemory(0).desc().byteSize());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldTellWhereTheNextBufferShows(boolean packed) {
        open(true);
        fixture.startDevice(packed ? SessionFixture.PACKED : SessionFixture.SPLIT, 64, packed ? 0x80058005L : 5);
        PowerMonitorCondition next = device.getMonitorAddr(0);
        long at = packed ? fixture.guest.desc(0) + 5 * 16 + 14 : fixture.guest.avail(0) + 2;
        fixture.guest.putU16(at, 0x8085);
        assertEquals((short) 0x8085, next.address().get(ValueLayout.JAVA_SHORT, 0));
        assertEquals(2, next.sizeBytes());
        assertEquals(packed, next.match());
        assertEquals(packed ? 0x80 : 5, next.value());
        assertEquals(packed ? 0x8080 : 0xffff, next.mask());
    }

    private void giveLog(OwnedFd file) {
        assertEquals(
                0,
                fixture.frontend
                        .ask(SET_LOG_BASE, new Payload().u64(4096).u64(0).toBytes(), file.fd())
                        .u64());
    }

    @Test
    void shouldNotThrowAtAnApplicationWhoseFrontEndCutsTheLogShort() {
        open(false);
        fixture.startDevice(SessionFixture.SPLIT, 64, 0);
        try (OwnedFd file = MemFd.create("log", 8192)) {
            giveLog(file);
            fixture.frontend.send(SET_FEATURES, Payload.number(SessionFixture.SPLIT | LOG_ALL));
            FileCalls.ftruncate(file.fd(), 0);
            device.logWrite(0x5000, 1);
            device.logWrite(0x6000, 1);
            FileCalls.ftruncate(file.fd(), 8192);
            device.logWrite(0x7000, 1);
            MemorySegment log = device.getLogBase();
            assertNotNull(log);
            assertEquals((byte) (1 << 7), log.get(ValueLayout.JAVA_BYTE, 0));
            fixture.frontend.send(SET_FEATURES, Payload.number(SessionFixture.SPLIT));
        }
    }

    @Test
    void shouldLogWhatTheApplicationWrites() {
        open(false);
        fixture.startDevice(SessionFixture.SPLIT, 64, 0);
        device.logWrite(0x5000, 1);
        assertNull(device.getLogBase());
        try (OwnedFd file = MemFd.create("log", 8192)) {
            giveLog(file);
            fixture.frontend.send(SET_FEATURES, Payload.number(SessionFixture.SPLIT | LOG_ALL));
            MemorySegment log = device.getLogBase();
            assertNotNull(log);
            assertEquals(4096, log.byteSize());
            log.fill((byte) 0);
            device.logWrite(0x5000, 4097);
            assertEquals(1 << 5 | 1 << 6, log.get(ValueLayout.JAVA_BYTE, 0));
            device.logWrite(-1, Long.MAX_VALUE);
            device.logWrite(Long.MAX_VALUE, 4096);
            device.logUsedVring(0, 0, 8);
            assertEquals(0, log.get(ValueLayout.JAVA_BYTE, 2), "not wanted");

            byte[] at = new Payload()
                    .u32(0)
                    .u32(1)
                    .u64(fixture.guest.desc(0))
                    .u64(fixture.guest.used(0))
                    .u64(fixture.guest.avail(0))
                    .u64(0x10000)
                    .toBytes();
            assertEquals(0, fixture.frontend.sendForAck(SET_VRING_ADDR, at));
            log.fill((byte) 0);
            device.logUsedVring(0, 4096, 8);
            assertEquals(1 << 1, log.get(ValueLayout.JAVA_BYTE, 2));
            assertEquals(0x10000, device.getVringMemory(0).logGuestAddr());
            fixture.frontend.send(SET_FEATURES, Payload.number(SessionFixture.SPLIT));
            assertNull(device.getLogBase());
            giveLog(file);
            assertThrows(IllegalStateException.class, () -> log.get(ValueLayout.JAVA_BYTE, 0));
        }
    }

    private OwnedFd inflightBuffer() {
        byte[] wanted = new Payload().u64(0).u64(0).u32(2 | 64L << 16).toBytes();
        fixture.frontend.send(GET_INFLIGHT_FD, wanted);
        try (FdBag fds = new FdBag()) {
            Reply reply = fixture.frontend.receiveWith(fds);
            OwnedFd buffer = fds.take(0);
            assertEquals(0, fixture.frontend.sendForAck(SET_INFLIGHT_FD, reply.payload(), buffer.fd()));
            return buffer;
        }
    }

    private void startAgain(int base) {
        for (int queue = 0; queue < 2; queue++) {
            fixture.frontend.ask(GET_VRING_BASE, Payload.state(queue, 0));
        }
        for (int queue = 0; queue < 2; queue++) {
            fixture.startRing(queue, 64, base);
        }
    }

    @Test
    void shouldKeepAccountOfASplitRing() {
        open(false);
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        inflightBuffer().close();
        fixture.startRing(0, 64, 0);
        fixture.startRing(1, 64, 0);
        RingInflight account = device.getVhostRingInflight(1);
        assertNotNull(account);
        assertEquals(List.of(), account.resubmit());
        for (int head : new int[] {9, 3, 7}) {
            account.setInflightDescSplit(head);
        }
        account.setLastInflightIoSplit(3);
        fixture.guest.putU16(fixture.guest.used(1) + 2, 1);
        account.clrInflightDescSplit(1, 3);
        // given back, but not yet noted
        account.setLastInflightIoSplit(9);
        startAgain(2);
        assertThrows(VhostException.class, () -> account.setInflightDescSplit(1), "the ring has started again");
        RingInflight recovered = device.getVhostRingInflight(1);
        assertNotNull(recovered);
        assertEquals(List.of(7), recovered.resubmit());
        assertEquals(2, recovered.vringBase());
        assertThrows(VhostException.class, () -> recovered.setInflightDescSplit(64));
        assertThrows(VhostException.class, () -> recovered.setInflightDescPacked(0, 1));
    }

    @Test
    void shouldKeepAccountOfAPackedRing() {
        open(false);
        fixture.negotiate(SessionFixture.PACKED);
        fixture.giveMemory();
        inflightBuffer().close();
        fixture.startRing(0, 64, 0x80008000L);
        fixture.startRing(1, 64, 0x80008000L);
        for (int slot = 0; slot < 3; slot++) {
            long at = fixture.guest.desc(1) + slot * 16L - FrontendMemory.USER;
            fixture.guest.memory().set(ValueLayout.JAVA_LONG, at, 0x1000 + slot);
            fixture.guest.memory().set(ValueLayout.JAVA_INT, at + 8, 100 + slot);
            fixture.guest.memory().set(ValueLayout.JAVA_INT, at + 12, (slot == 0 ? 1 : 0) << 16 | 0x80 << 16 | slot);
        }
        RingInflight account = device.getVhostRingInflight(1);
        assertNotNull(account);
        int first = account.setInflightDescPacked(0, 2);
        int second = account.setInflightDescPacked(2, 1);
        assertEquals(0x80008000, account.vringBase());
        MemorySegment chain = account.chainPacked(first);
        assertEquals(32, chain.byteSize());
        assertEquals(0x1001, chain.get(ValueLayout.JAVA_LONG, 16));
        assertEquals(101, chain.get(ValueLayout.JAVA_INT, 24));
        account.setLastInflightIoPacked(first);
        // the driver sees it used
        long at = fixture.guest.desc(1) - FrontendMemory.USER;
        fixture.guest.memory().set(ValueLayout.JAVA_SHORT, at + 14, (short) 0x8080);
        account.clrInflightDescPacked(first);
        startAgain(0x80028002);
        RingInflight recovered = device.getVhostRingInflight(1);
        assertNotNull(recovered);
        assertEquals(List.of(second), recovered.resubmit());
        assertEquals(0x80028002, recovered.vringBase());
        assertThrows(VhostException.class, () -> recovered.setInflightDescSplit(1));
        assertThrows(VhostException.class, () -> recovered.setInflightDescPacked(64, 1));
        assertThrows(VhostException.class, () -> recovered.setLastInflightIoPacked(-1));
    }

    @Test
    void shouldHaveNoAccountWithoutABuffer() {
        open(false);
        fixture.startDevice(SessionFixture.SPLIT, 64, 0);
        assertNull(device.getVhostRingInflight(0));
    }

    @Test
    void shouldFindRingsByGuestAddresses() {
        fixture = new SessionFixture(
                OfferedFeatures.VIRTIO_DEFAULT,
                OfferedFeatures.PROTOCOL_DEFAULT | ProtocolFeature.GPA_ADDRESSES.mask());
        device = fixture.ops.device();
        fixture.negotiate(SessionFixture.SPLIT);
        // what the front-end says of its own addresses has no meaning, not even that they differ
        byte[] low = Payload.region(FrontendMemory.GPA, 0x8_0000, 0, 0);
        byte[] high = Payload.region(FrontendMemory.GPA + 0x8_0000, 0x8_0000, 0, 0x8_0000);
        int fd = fixture.guest.fd();
        var add = io.vhost4j.core.protocol.RequestCode.ADD_MEM_REG;
        assertEquals(0, fixture.frontend.sendForAck(add, low, fd));
        assertEquals(0, fixture.frontend.sendForAck(add, high, fd));
        long shift = FrontendMemory.GPA - FrontendMemory.USER;
        for (int queue = 0; queue < 2; queue++) {
            fixture.describeRing(queue, 64, 0);
            fixture.frontend.send(
                    SET_VRING_ADDR,
                    Payload.addresses(
                            queue,
                            0,
                            fixture.guest.desc(queue) + shift,
                            fixture.guest.used(queue) + shift,
                            fixture.guest.avail(queue) + shift));
            fixture.kick(queue);
            fixture.enable(queue, 1);
        }
        assertTrue(device.isRunning());
        fixture.guest.putU16(fixture.guest.avail(1) + 2, 77);
        assertEquals(77, device.getVringMemory(1).driver().get(ValueLayout.JAVA_SHORT, 2));
        var remove = io.vhost4j.core.protocol.RequestCode.REM_MEM_REG;
        assertEquals(0, fixture.frontend.sendForAck(remove, high));
    }
}
