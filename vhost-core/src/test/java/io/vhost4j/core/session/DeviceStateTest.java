// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.CHECK_DEVICE_STATE;
import static io.vhost4j.core.protocol.RequestCode.SET_DEVICE_STATE_FD;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Saving and loading the state of a device that has none. */
@ExtendWith(LeakCheck.class)
class DeviceStateTest {
    private static final long NO_FD = 0x100;
    private static final long REFUSED = 0x101;
    private static final int SAVE = 0;
    private static final int LOAD = 1;

    private SessionFixture fixture;

    @BeforeEach
    void open() {
        fixture = new SessionFixture();
        fixture.negotiate(SessionFixture.SPLIT);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private long begin(long direction, long phase, UnixSocket pipe) {
        return fixture.frontend
                .ask(SET_DEVICE_STATE_FD, Payload.state(direction, phase), pipe.fd())
                .u64();
    }

    private long check() {
        return fixture.frontend.ask(CHECK_DEVICE_STATE, SessionFixture.NOTHING).u64();
    }

    @Test
    void shouldSaveNothing() {
        UnixSocket.Pair pipe = UnixSocket.pair();
        try (UnixSocket ours = pipe.first();
                Arena arena = Arena.ofConfined();
                FdBag fds = new FdBag()) {
            try (UnixSocket theirs = pipe.second()) {
                assertEquals(NO_FD, begin(SAVE, 0, theirs));
            }
            MemorySegment data = arena.allocate(8);
            assertEquals(0, ours.receive(data, 0, 8, fds), "the end of the state");
        }
        assertEquals(0, check());
    }

    @ParameterizedTest
    @CsvSource({"false, 0", "true, 1"})
    void shouldLoadNothingButNothing(boolean something, long expected) {
        UnixSocket.Pair pipe = UnixSocket.pair();
        try (UnixSocket theirs = pipe.second()) {
            assertEquals(NO_FD, begin(LOAD, 0, theirs));
        }
        try (UnixSocket ours = pipe.first();
                Arena arena = Arena.ofConfined()) {
            if (something) {
                ours.send(arena.allocate(8), 0, 8);
            }
        }
        assertEquals(expected, check());
        assertEquals(0, check(), "told once");
    }

    @ParameterizedTest
    @CsvSource({"2, 0", "0, 1", "0xffffffff, 0"})
    void shouldRefuseInTheMessagesOwnWay(String direction, long phase) {
        try (UnixSocket.Pair pipe = UnixSocket.pair()) {
            assertEquals(REFUSED, begin(Long.decode(direction), phase, pipe.second()));
        }
        assertTrue(fixture.session.isOpen());
        assertEquals(1, fixture.counters.snapshot().requestsRefused());
    }

    @Test
    void shouldRefuseWhileRingsRun() {
        fixture.giveMemory();
        fixture.startRing(0, 256, 0);
        try (UnixSocket.Pair pipe = UnixSocket.pair()) {
            assertEquals(REFUSED, begin(SAVE, 0, pipe.second()));
        }
        assertTrue(fixture.session.isOpen());
    }

    @Test
    void shouldForgetALoadThatWasBegunAgain() {
        try (UnixSocket.Pair first = UnixSocket.pair();
                UnixSocket.Pair second = UnixSocket.pair()) {
            assertEquals(NO_FD, begin(LOAD, 0, first.second()));
            assertEquals(NO_FD, begin(LOAD, 0, second.second()));
        }
        assertEquals(0, check());
    }
}
