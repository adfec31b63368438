// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.SET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_LOG_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_LOG_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_PROTOCOL_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ADDR;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The requests about the dirty log, and what is logged when. Used rings are in pages 48 and 112. */
@ExtendWith(LeakCheck.class)
class LogControlTest {
    private static final long LOGGING = SessionFixture.SPLIT | VirtioFeature.LOG_ALL.mask();
    private static final int LOG_BYTES = 4096;
    private static final long FAILED = 1;

    private SessionFixture fixture;
    private OwnedFd file;
    private Mapping view;
    private PacketPool pool;
    private int sent;

    @BeforeEach
    void open() {
        fixture = new SessionFixture();
        file = MemFd.create("log", LOG_BYTES);
        view = Mapping.map(file, 0, LOG_BYTES, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED);
        pool = PacketPool.builder().count(64).build();
    }

    @AfterEach
    void close() {
        pool.close();
        fixture.close();
        view.close();
        file.close();
    }

    private static byte[] log(long bytes, long offset) {
        return new Payload().u64(bytes).u64(offset).toBytes();
    }

    /** The reply comes without a wish for one. */
    private void setLog() {
        assertEquals(
                0,
                fixture.frontend.ask(SET_LOG_BASE, log(LOG_BYTES, 0), file.fd()).u64());
    }

    private String pages() {
        BitSet bits = BitSet.valueOf(view.segment().toArray(ValueLayout.JAVA_BYTE));
        view.segment().fill((byte) 0);
        return bits.toString();
    }

    /** The guest sends a packet and the host takes it. */
    private void movePacket() {
        MemorySegment guest = fixture.guest.memory();
        long desc = fixture.guest.desc(1) - FrontendMemory.USER;
        guest.set(ValueLayout.JAVA_LONG_UNALIGNED, desc, FrontendMemory.GPA + 0xF_0000);
        guest.set(ValueLayout.JAVA_INT_UNALIGNED, desc + 8, 12 + 60);
        guest.set(ValueLayout.JAVA_INT_UNALIGNED, desc + 12, 0);
        sent++;
        fixture.guest.putU16(fixture.guest.avail(1) + 2, sent);
        Packet[] packets = new Packet[4];
        assertEquals(1, fixture.ops.device().dequeueBurst(1, pool, packets, 0, 4));
        pool.freeBulk(packets, 0, 1);
    }

    @Test
    void shouldLogWhileThereIsALogAndTheFeature() {
        fixture.startDevice(SessionFixture.SPLIT, 256, 0);
        setLog();
        movePacket();
        assertEquals("{}", pages(), "the feature is missing");
        fixture.frontend.send(SET_FEATURES, Payload.number(LOGGING));
        assertEquals("{48, 112}", pages(), "event suppression of both rings");
        movePacket();
        assertEquals("{112}", pages());
        fixture.frontend.send(SET_FEATURES, Payload.number(SessionFixture.SPLIT));
        movePacket();
        assertEquals("{}", pages());
    }

    @Test
    void shouldLogFromTheStartOfARingThatStartsLater() {
        fixture.negotiate(LOGGING);
        setLog();
        fixture.giveMemory();
        assertEquals("{}", pages());
        fixture.startRing(0, 256, 0);
        fixture.startRing(1, 256, 0);
        assertEquals("{48, 112}", pages());
        movePacket();
        assertEquals("{112}", pages());
    }

    @Test
    void shouldLogTheUsedRingWhereItIsWanted() {
        fixture.startDevice(LOGGING, 256, 0);
        setLog();
        long used = fixture.guest.used(1);
        byte[] elsewhere = new Payload()
                .u32(1)
                .u32(1)
                .u64(fixture.guest.desc(1))
                .u64(used)
                .u64(fixture.guest.avail(1))
                .u64(0x5000)
                .toBytes();
        assertEquals(0, fixture.frontend.sendForAck(SET_VRING_ADDR, elsewhere));
        pages();
        movePacket();
        assertEquals("{5}", pages());
        assertEquals(0, fixture.frontend.sendForAck(SET_VRING_ADDR, fixture.addresses(1)));
        pages();
        movePacket();
        assertEquals("{112}", pages());
    }

    @Test
    void shouldTakeTheSameLogAgainAndUnmapTheOneBefore() {
        fixture.startDevice(LOGGING, 256, 0);
        setLog();
        long mappings = Mapping.openCount();
        for (int i = 0; i < 5; i++) {
            setLog();
        }
        assertEquals(mappings, Mapping.openCount());
        pages();
        movePacket();
        assertEquals("{112}", pages());
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "4097, 0", "4096, 8", "8, -8", "9223372036854775807, 9223372036854775807", "-1, 0"})
    void shouldKeepTheLogIfAnotherCannotBeTaken(long bytes, long offset) {
        fixture.startDevice(LOGGING, 256, 0);
        setLog();
        assertEquals(FAILED, fixture.frontend.sendForAck(SET_LOG_BASE, log(bytes, offset), file.fd()));
        pages();
        movePacket();
        assertEquals("{112}", pages());
    }

    @Test
    void shouldSignalAfterLogging() {
        fixture.startDevice(LOGGING, 256, 0);
        try (EventFd signal = EventFd.create()) {
            assertEquals(0, fixture.frontend.sendForAck(SET_LOG_FD, SessionFixture.NOTHING, signal.fd()));
            movePacket();
            assertEquals(0, signal.drain(), "nothing was logged");
            setLog();
            movePacket();
            assertEquals(1, signal.drain());
            fixture.frontend.send(SET_FEATURES, Payload.number(SessionFixture.SPLIT));
            movePacket();
            assertEquals(0, signal.drain());
        }
        assertEquals(FAILED, fixture.frontend.sendForAck(SET_LOG_FD, SessionFixture.NOTHING, file.fd()));
        assertTrue(fixture.session.isOpen());
    }

    @Test
    void shouldServeALogOnlyIfItWasNegotiated() {
        fixture.frontend.send(SET_PROTOCOL_FEATURES, Payload.number(ProtocolFeature.maskOf(ProtocolFeature.REPLY_ACK)));
        assertEquals(FAILED, fixture.frontend.sendForAck(SET_LOG_BASE, log(LOG_BYTES, 0), file.fd()));
        assertTrue(fixture.session.isOpen());
    }

    /** A log whose file shrinks is the front-end's fault, and its loss. */
    @Test
    void shouldLiveOnIfTheLogIsTruncated() {
        fixture.startDevice(LOGGING, 256, 0);
        setLog();
        FileCalls.ftruncate(file.fd(), 0);
        Packet[] packets = new Packet[4];
        fixture.guest.putU16(fixture.guest.avail(1) + 2, 1);
        assertEquals(0, fixture.ops.device().dequeueBurst(1, pool, packets, 0, 4));
        assertTrue(fixture.ops.device().getVhostVring(1).broken());
        fixture.frontend.close();
        assertFalse(fixture.session.isOpen());
    }
}
