// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.ADD_MEM_REG;
import static io.vhost4j.core.protocol.RequestCode.GET_INFLIGHT_FD;
import static io.vhost4j.core.protocol.RequestCode.GET_MAX_MEM_SLOTS;
import static io.vhost4j.core.protocol.RequestCode.SET_INFLIGHT_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_LOG_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_MEM_TABLE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_CALL;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ERR;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_KICK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConnectionLimits;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What one front-end may cost. */
@ExtendWith(LeakCheck.class)
class LimitsTest {
    private static final long FAILED = 1;
    private static final long MIB = 1 << 20;

    private SessionFixture fixture;

    private void open(UnaryOperator<ConnectionLimits.Builder> change) {
        fixture = new SessionFixture(
                OfferedFeatures.VIRTIO_DEFAULT,
                OfferedFeatures.PROTOCOL_DEFAULT,
                change.apply(ConnectionLimits.DEFAULT.toBuilder()).build());
        fixture.negotiate(SessionFixture.SPLIT);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private long ack(RequestCode code, byte[] payload, int... fds) {
        return fixture.frontend.sendForAck(code, payload, fds);
    }

    private void assertRefusedAndCounted(long times) {
        assertEquals(times, fixture.counters.snapshot().limitsExceeded());
        assertEquals(times, fixture.counters.snapshot().requestsRefused());
        assertTrue(fixture.session.isOpen());
    }

    private byte[] region(long index) {
        return Payload.region(FrontendMemory.GPA + index * MIB, MIB, FrontendMemory.USER + index * MIB, 0);
    }

    @Test
    void shouldLimitMemory() {
        open(limits -> limits.memoryBytes(2 * MIB));
        int fd = fixture.guest.fd();
        assertEquals(0, ack(ADD_MEM_REG, region(0), fd));
        assertEquals(0, ack(ADD_MEM_REG, region(1), fd));
        assertEquals(FAILED, ack(ADD_MEM_REG, region(2), fd));
        assertEquals(2, fixture.ops.device().getMemTable().size());
        assertEquals(0, ack(RequestCode.REM_MEM_REG, region(0)));
        assertEquals(0, ack(ADD_MEM_REG, region(2), fd));
        assertRefusedAndCounted(1);
    }

    @Test
    void shouldLimitMemoryOfTables() {
        open(limits -> limits.memoryBytes(MIB - 1));
        assertEquals(FAILED, ack(SET_MEM_TABLE, fixture.guest.table(), fixture.guest.fd()));
        byte[] huge = new Payload()
                .u32(1)
                .u32(0)
                .u64(FrontendMemory.GPA)
                .u64(-4096)
                .u64(FrontendMemory.USER)
                .u64(0)
                .toBytes();
        assertEquals(FAILED, ack(SET_MEM_TABLE, huge, fixture.guest.fd()));
        assertEquals(0, fixture.ops.device().getMemTable().size());
        assertRefusedAndCounted(2);
    }

    @Test
    void shouldLimitRegionsAndTellHowMany() {
        open(limits -> limits.memoryRegions(8));
        assertEquals(
                8,
                fixture.frontend.ask(GET_MAX_MEM_SLOTS, SessionFixture.NOTHING).u64());
        for (int i = 0; i < 8; i++) {
            assertEquals(0, ack(ADD_MEM_REG, region(i), fixture.guest.fd()));
        }
        assertEquals(FAILED, ack(ADD_MEM_REG, region(8), fixture.guest.fd()));
        assertRefusedAndCounted(1);
    }

    @ParameterizedTest
    @EnumSource(names = {"SET_VRING_KICK", "SET_VRING_CALL", "SET_VRING_ERR", "SET_LOG_FD", "SET_BACKEND_REQ_FD"})
    void shouldLimitFileDescriptors(RequestCode code) {
        open(limits -> limits.fileDescriptors(2));
        boolean ofRing = code == SET_VRING_KICK || code == SET_VRING_CALL || code == SET_VRING_ERR;
        byte[] payload = ofRing ? Payload.number(3) : SessionFixture.NOTHING;
        try (EventFd event = EventFd.create()) {
            assertEquals(0, ack(SET_VRING_ERR, Payload.number(0), event.fd()));
            assertEquals(0, ack(SET_VRING_CALL, Payload.number(0), event.fd()));
            assertEquals(FAILED, ack(code, payload, event.fd()));
            assertEquals(0, ack(SET_VRING_CALL, Payload.number(0 | 0x100)), "without a descriptor it is one less");
        }
        assertRefusedAndCounted(1);
    }

    @Test
    void shouldLimitTheLog() {
        open(limits -> limits.logBytes(4096));
        assertEquals(FAILED, ack(SET_LOG_BASE, new Payload().u64(4104).u64(0).toBytes(), fixture.guest.fd()));
        assertEquals(0, ack(SET_LOG_BASE, new Payload().u64(4096).u64(0).toBytes(), fixture.guest.fd()));
        assertRefusedAndCounted(1);
    }

    @Test
    void shouldLimitTheInflightBuffer() {
        open(limits -> limits.inflightBytes(64 * 1024));
        byte[] wanted = new Payload().u64(0).u64(0).u32(2 | 32768L << 16).toBytes();
        assertEquals(FAILED, ack(GET_INFLIGHT_FD, wanted));
        byte[] given = new Payload().u64(MIB).u64(0).u32(2 | 256L << 16).toBytes();
        assertEquals(FAILED, ack(SET_INFLIGHT_FD, given, fixture.guest.fd()));
        assertRefusedAndCounted(2);
    }

    @Test
    void shouldEndASessionThatMeetsALimitAndCannotBeTold() {
        open(limits -> limits.memoryBytes(1));
        fixture.frontend.send(SET_MEM_TABLE, fixture.guest.table(), fixture.guest.fd());
        fixture.frontend.awaitClosed();
        assertFalse(fixture.session.isOpen());
        assertEquals(1, fixture.counters.snapshot().limitsExceeded());
        assertEquals(1, fixture.counters.snapshot().requestsRefused());
        assertEquals(1, fixture.counters.snapshot().sessionsEndedByError());
    }

    @Test
    void shouldCountHowSessionsEnd() {
        open(limits -> limits);
        fixture.frontend.close();
        assertEquals(1, fixture.counters.snapshot().sessionsEndedByPeer());
        assertEquals(0, fixture.counters.snapshot().sessionsEndedByError());
    }
}
