// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.ADD_MEM_REG;
import static io.vhost4j.core.protocol.RequestCode.POSTCOPY_ADVISE;
import static io.vhost4j.core.protocol.RequestCode.POSTCOPY_END;
import static io.vhost4j.core.protocol.RequestCode.POSTCOPY_LISTEN;
import static io.vhost4j.core.protocol.RequestCode.REM_MEM_REG;
import static io.vhost4j.core.protocol.RequestCode.SET_MEM_TABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vhost4j.MemoryRegion;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UserFaultFd;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The order of post-copy, and that nothing is left of it wherever it ends. No page of the guest's is touched here. */
@ExtendWith(LeakCheck.class)
class PostcopyControlTest {
    private static final int IS_REPLY = 4;
    private static final long FAILED = 1;

    private SessionFixture fixture;

    @BeforeEach
    void open() {
        int fd = UserFaultFd.tryOpen(0);
        assumeTrue(fd >= 0, () -> "userfaultfd: " + Errno.name(-fd));
        OwnedFd.of(fd).close();
        fixture = new SessionFixture(
                OfferedFeatures.VIRTIO_DEFAULT,
                OfferedFeatures.PROTOCOL_DEFAULT | ProtocolFeature.maskOf(ProtocolFeature.PAGEFAULT));
        fixture.negotiate(SessionFixture.SPLIT);
    }

    @AfterEach
    void close() {
        if (fixture != null) {
            fixture.close();
        }
    }

    private void advise() {
        assertEquals(
                0, fixture.frontend.ask(POSTCOPY_ADVISE, SessionFixture.NOTHING).payload().length);
    }

    private void listen() {
        assertEquals(0, fixture.frontend.sendForAck(POSTCOPY_LISTEN, SessionFixture.NOTHING));
    }

    private void acknowledge(RequestCode request, int flags, long status) {
        fixture.frontend.sendRaw(FakeFrontend.header(request.code(), 1 | flags, 8), Payload.number(status));
    }

    private int regions() {
        return fixture.ops.device().getMemTable().size();
    }

    /** A part of the guest's memory. */
    private byte[] part(int number) {
        long at = number * 0x1_0000L;
        return Payload.region(FrontendMemory.GPA + at, 0x1_0000, FrontendMemory.USER + at, at);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, IS_REPLY})
    void shouldUseATableWhenTheFrontEndKnowsWhereItIs(int flags) {
        advise();
        listen();
        FakeFrontend.Reply reply = fixture.frontend.ask(SET_MEM_TABLE, fixture.guest.table(), fixture.guest.fd());
        assertEquals(8 + 32, reply.payload().length);
        assertEquals(1, reply.u32(0));
        assertEquals(FrontendMemory.GPA, reply.u32(8));
        assertEquals(fixture.guest.size(), reply.u32(16));
        assertNotEquals(FrontendMemory.USER >>> 32, reply.u32(28), "our address, not the front-end's");
        assertEquals(0, regions());
        acknowledge(SET_MEM_TABLE, flags, 0);
        assertEquals(1, regions());
        assertTrue(fixture.frontend.nothingArrived(), "an answer is not answered");
        assertEquals(
                0, fixture.frontend.ask(POSTCOPY_END, SessionFixture.NOTHING).u64());
        assertEquals(1, regions());
        assertEquals(0, fixture.frontend.sendForAck(REM_MEM_REG, fixture.guest.region()));
        assertEquals(0, fixture.frontend.sendForAck(ADD_MEM_REG, fixture.guest.region(), fixture.guest.fd()));
    }

    @Test
    void shouldAddRegionsOneByOne() {
        advise();
        listen();
        for (int i = 0; i < 3; i++) {
            FakeFrontend.Reply reply = fixture.frontend.ask(ADD_MEM_REG, part(i), fixture.guest.fd());
            assertEquals(40, reply.payload().length);
            assertEquals(i, regions());
            acknowledge(ADD_MEM_REG, 0, 0);
            assertEquals(i + 1, regions());
        }
        // once more the same one
        fixture.frontend.ask(ADD_MEM_REG, part(1), fixture.guest.fd());
        acknowledge(ADD_MEM_REG, 0, 0);
        assertEquals(3, regions());
    }

    /** What is held back refers to the regions that there were: they must stay until it is in use. */
    @Test
    void shouldNotChangeMemoryWhileAnAnswerIsDue() {
        advise();
        listen();
        fixture.frontend.ask(ADD_MEM_REG, part(0), fixture.guest.fd());
        acknowledge(ADD_MEM_REG, 0, 0);
        fixture.frontend.ask(ADD_MEM_REG, part(1), fixture.guest.fd());
        assertEquals(FAILED, fixture.frontend.sendForAck(REM_MEM_REG, part(0)));
        assertEquals(FAILED, fixture.frontend.sendForAck(ADD_MEM_REG, part(2), fixture.guest.fd()));
        assertEquals(FAILED, fixture.frontend.sendForAck(SET_MEM_TABLE, fixture.guest.table(), fixture.guest.fd()));
        acknowledge(ADD_MEM_REG, 0, 0);
        assertEquals(
                List.of(FrontendMemory.GPA, FrontendMemory.GPA + 0x1_0000),
                fixture.ops.device().getMemTable().stream()
                        .map(MemoryRegion::guestPhysAddr)
                        .toList());
    }

    @Test
    void shouldKeepTheOrder() {
        assertEquals(FAILED, fixture.frontend.sendForAck(POSTCOPY_LISTEN, SessionFixture.NOTHING));
        fixture.giveMemory();
        advise();
        assertEquals(FAILED, fixture.frontend.sendForAck(POSTCOPY_LISTEN, SessionFixture.NOTHING));
        assertTrue(fixture.session.isOpen());
    }

    @Test
    void shouldEndWhenTheFrontEndCannotUseOurMappings() {
        advise();
        listen();
        fixture.frontend.ask(SET_MEM_TABLE, fixture.guest.table(), fixture.guest.fd());
        acknowledge(SET_MEM_TABLE, 0, 1);
        assertFalse(fixture.session.isOpen());
    }

    @Test
    void shouldRefuseAReplyToNothing() {
        advise();
        listen();
        acknowledge(SET_MEM_TABLE, IS_REPLY, 0);
        assertFalse(fixture.session.isOpen());
    }

    @Test
    void shouldGiveUpWhatIsHeldBackAtTheEnd() {
        advise();
        listen();
        fixture.frontend.ask(SET_MEM_TABLE, fixture.guest.table(), fixture.guest.fd());
        assertEquals(
                0, fixture.frontend.ask(POSTCOPY_END, SessionFixture.NOTHING).u64());
        assertEquals(0, regions());
        assertEquals(0, fixture.frontend.sendForAck(SET_MEM_TABLE, fixture.guest.table(), fixture.guest.fd()));
        assertEquals(1, regions());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
    void shouldLeaveNothingBehindWhereverItEnds(int steps) {
        List<Runnable> all = List.of(
                this::advise,
                this::advise,
                this::listen,
                () -> fixture.frontend.ask(SET_MEM_TABLE, fixture.guest.table(), fixture.guest.fd()),
                () -> acknowledge(SET_MEM_TABLE, 0, 0),
                () -> fixture.frontend.ask(POSTCOPY_END, SessionFixture.NOTHING));
        all.subList(0, steps).forEach(Runnable::run);
        fixture.frontend.close();
        assertFalse(fixture.session.isOpen());
    }
}
