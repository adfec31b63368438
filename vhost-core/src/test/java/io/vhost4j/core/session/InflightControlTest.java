// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.GET_INFLIGHT_FD;
import static io.vhost4j.core.protocol.RequestCode.GET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.RESET_DEVICE;
import static io.vhost4j.core.protocol.RequestCode.SET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_INFLIGHT_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_KICK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.testkit.FakeFrontend.Reply;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The requests about the in-flight buffer. */
@ExtendWith(LeakCheck.class)
class InflightControlTest {
    private static final long FAILED = 1;

    private SessionFixture fixture;

    @BeforeEach
    void open() {
        fixture = new SessionFixture();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private static byte[] description(long size, long offset, int queues, int queueSize, boolean padded) {
        Payload payload = new Payload().u64(size).u64(offset).u32(queues | (long) queueSize << 16);
        return (padded ? payload.zeros(4) : payload).toBytes();
    }

    private long give(long fileBytes, long size, long offset, int queues, int queueSize) {
        try (OwnedFd file = MemFd.create("inflight", fileBytes)) {
            return fixture.frontend.sendForAck(
                    SET_INFLIGHT_FD, description(size, offset, queues, queueSize, false), file.fd());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldMakeABufferOfTheSizeThatTheRingsNeed(boolean padded) {
        fixture.negotiate(SessionFixture.SPLIT);
        Reply reply = fixture.frontend.ask(GET_INFLIGHT_FD, description(0, 0, 4, 256, padded));
        assertEquals(24, reply.payload().length);
        assertEquals(4 * (16 + 256 * 16 + 48), reply.u32(0), "bytes: four rings, in whole cache lines");
        assertEquals(0, reply.u32(8), "offset");
        assertEquals(4 | 256 << 16, reply.u32(16), "rings and their size");
    }

    @ParameterizedTest
    @CsvSource({"0, 256", "4, 0", "4, 32769"})
    void shouldRefuseToMakeABufferForNoRings(int queues, int size) {
        fixture.negotiate(SessionFixture.SPLIT);
        assertEquals(FAILED, fixture.frontend.sendForAck(GET_INFLIGHT_FD, description(0, 0, queues, size, false)));
        assertTrue(fixture.session.isOpen());
    }

    @Test
    void shouldWantTheFeaturesFirst() {
        fixture.negotiate(SessionFixture.SPLIT);
        assertEquals(0, fixture.frontend.sendForAck(RESET_DEVICE, SessionFixture.NOTHING));
        assertEquals(FAILED, fixture.frontend.sendForAck(GET_INFLIGHT_FD, description(0, 0, 4, 256, false)));
        assertEquals(FAILED, give(1 << 20, 1 << 20, 0, 4, 256));
        assertTrue(fixture.session.isOpen());
    }

    @ParameterizedTest
    @CsvSource({
        // file, size, offset, queues, queue size
        "16384, 16384, 0, 4, 256",
        "16640, 16639, 0, 4, 256",
        "16639, 16640, 0, 4, 256",
        "32768, 16640, 16384, 4, 256",
        "32768, 16640, 4, 4, 256",
        "32768, -1, 0, 4, 256",
        "32768, 16640, -8, 4, 256",
        "32768, 9223372036854775807, 8, 4, 256",
        "32768, 16640, 0, 65535, 32768",
        "32768, 16640, 0, 0, 256",
        "32768, 16640, 0, 4, 0",
        "32768, 16640, 0, 4, 40000"
    })
    void shouldRefuseABufferThatIsNotAsDescribed(long file, long size, long offset, int queues, int queueSize) {
        fixture.negotiate(SessionFixture.SPLIT);
        assertEquals(FAILED, give(file, size, offset, queues, queueSize));
        assertTrue(fixture.session.isOpen());
        assertEquals(0, give(16640 + 4096, 16640, 4096, 4, 256), "a good one afterwards");
    }

    @Test
    void shouldRefuseABufferThatCannotBeMapped() {
        fixture.negotiate(SessionFixture.SPLIT);
        try (EventFd event = EventFd.create()) {
            assertEquals(
                    FAILED,
                    fixture.frontend.sendForAck(SET_INFLIGHT_FD, description(1 << 20, 0, 4, 256, false), event.fd()));
        }
        assertTrue(fixture.session.isOpen());
    }

    @Test
    void shouldNotExchangeTheBufferUnderRunningRings() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        assertEquals(FAILED, give(1 << 20, 1 << 20, 0, 4, 256));
        fixture.frontend.ask(GET_VRING_BASE, Payload.state(0, 0));
        assertEquals(FAILED, give(1 << 20, 1 << 20, 0, 4, 256));
        fixture.frontend.ask(GET_VRING_BASE, Payload.state(1, 0));
        assertEquals(0, give(1 << 20, 1 << 20, 0, 4, 256));
        assertEquals(0, give(1 << 20, 1 << 20, 0, 4, 256), "in place of the one before");
    }

    private long kickForAck(int queue) {
        try (EventFd event = EventFd.create()) {
            return fixture.frontend.sendForAck(SET_VRING_KICK, Payload.number(queue), event.fd());
        }
    }

    @ParameterizedTest
    @CsvSource({"128, 1", "256, 0"})
    void shouldStartOnlyRingsOfTheBuffersSize(int size, long answer) {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        assertEquals(0, give(1 << 20, 1 << 20, 0, 4, 256));
        fixture.describeRing(0, size, 0);
        assertEquals(answer, kickForAck(0));
        assertEquals(answer == 0, fixture.ops.device().getVhostVring(0).started());
        assertTrue(fixture.session.isOpen());
    }

    /** The entries of packed rings are larger: the buffer's last parts would be outside of it. */
    @Test
    void shouldNotUseABufferForRingsOfTheOtherKind() {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        assertEquals(0, give(16640, 16640, 0, 4, 256));
        fixture.frontend.send(SET_FEATURES, Payload.number(SessionFixture.PACKED));
        fixture.describeRing(3, 256, 0x80008000L);
        assertEquals(FAILED, kickForAck(3));
        assertFalse(fixture.ops.device().getVhostVring(3).started());
        assertTrue(fixture.session.isOpen());
    }

    /** A front-end that comes back, or a guest that starts anew, has to use the kind of ring that the buffer was kept for. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldNotRecoverRingsOfAnotherKind(boolean packedFirst) {
        try (OwnedFd file = MemFd.create("inflight", 1 << 20)) {
            for (boolean packed : new boolean[] {packedFirst, !packedFirst}) {
                try (SessionFixture next = new SessionFixture()) {
                    next.negotiate(packed ? SessionFixture.PACKED : SessionFixture.SPLIT);
                    next.giveMemory();
                    byte[] buffer = description(1 << 20, 0, 4, 256, true);
                    assertEquals(0, next.frontend.sendForAck(SET_INFLIGHT_FD, buffer, file.fd()));
                    next.describeRing(0, 256, packed ? 0x80008000L : 0);
                    long answer = next.frontend.sendForAck(SET_VRING_KICK, Payload.number(0x100));
                    assertEquals(packed == packedFirst ? 0 : FAILED, answer);
                    assertEquals(
                            packed == packedFirst,
                            next.ops.device().getVhostVring(0).started());
                    assertTrue(next.session.isOpen());
                }
            }
        }
    }

    /** Chains in flight were taken under other rules, such as tables that this device must not follow. */
    @ParameterizedTest
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    void shouldGoOnWithOtherFeaturesOnlyWhenNothingIsInFlight(boolean packed, boolean inFlight) {
        long features = packed ? SessionFixture.PACKED : SessionFixture.SPLIT;
        int firstEntry = packed ? 32 : 16;
        try (OwnedFd file = MemFd.create("inflight", 1 << 20);
                Mapping view =
                        Mapping.map(file, 0, 1 << 20, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED)) {
            assertEquals(0, startWithBuffer(file, packed, features));
            if (inFlight) {
                view.segment().set(ValueLayout.JAVA_BYTE, firstEntry, (byte) 1); // the first chain of the ring
                view.segment().set(ValueLayout.JAVA_SHORT, firstEntry + 6, (short) (packed ? 1 : 0)); // of one slot
                view.segment().set(ValueLayout.JAVA_SHORT, 12, (short) (packed ? 1 : 0)); // so it is not free
                view.segment().set(ValueLayout.JAVA_SHORT, 14, (short) (packed ? 1 : 0));
            }
            long other = features | VirtioFeature.RING_INDIRECT_DESC.mask();
            assertEquals(inFlight ? FAILED : 0, startWithBuffer(file, packed, other));
            assertEquals(0, startWithBuffer(file, packed, features));
        }
    }

    private static long startWithBuffer(OwnedFd file, boolean packed, long features) {
        try (SessionFixture next = new SessionFixture()) {
            next.negotiate(features);
            next.giveMemory();
            byte[] buffer = description(1 << 20, 0, 4, 256, true);
            assertEquals(0, next.frontend.sendForAck(SET_INFLIGHT_FD, buffer, file.fd()));
            next.describeRing(0, 256, packed ? 0x80008000L : 0);
            return next.frontend.sendForAck(SET_VRING_KICK, Payload.number(0x100));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0x0008_0002, 0x0100_0002, 0x0080_0001})
    void shouldNotStartOnABufferOfAnotherFormat(long versionAndSize) {
        fixture.negotiate(SessionFixture.SPLIT);
        fixture.giveMemory();
        try (OwnedFd file = MemFd.create("inflight", 1 << 20);
                Mapping view =
                        Mapping.map(file, 0, 1 << 20, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED)) {
            view.segment().set(ValueLayout.JAVA_INT, 8, (int) versionAndSize);
            assertEquals(
                    0, fixture.frontend.sendForAck(SET_INFLIGHT_FD, description(1 << 20, 0, 4, 256, true), file.fd()));
            fixture.describeRing(0, 256, 0);
            assertEquals(FAILED, kickForAck(0));
            assertFalse(fixture.ops.device().getVhostVring(0).started());
        }
        assertTrue(fixture.session.isOpen());
    }
}
