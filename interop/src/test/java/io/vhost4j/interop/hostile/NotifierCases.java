// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.ENDED;
import static io.vhost4j.interop.hostile.Reaction.REFUSED;
import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.Payload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Descriptors to signal on which a write would wait, and descriptors that would keep a connection from ending. */
final class NotifierCases {
    private static final String WAITS = "writing to a front-end's descriptor never waits";

    private NotifierCases() {}

    static List<HostileCase> all() {
        return List.of(
                HostileCase.of(
                        "a call counter that is full, and waits",
                        WAITS,
                        Setup.SPLIT,
                        a -> {
                            EventFd counter = a.closeLater(EventFd.create());
                            fill(counter, 0xFFFF_FFFF_FFFF_FFFEL);
                            FileCalls.setStatusFlags(counter.fd(), 0);
                            return callsTo(a, counter.fd());
                        },
                        TAKEN,
                        REFUSED),
                HostileCase.of(
                        "a call socket that is full, and waits",
                        WAITS,
                        Setup.SPLIT,
                        a -> {
                            UnixSocket.Pair pair = a.closeLater(UnixSocket.pair());
                            fill(pair.first());
                            FileCalls.setStatusFlags(pair.first().fd(), 0);
                            return callsTo(a, pair.first().fd());
                        },
                        TAKEN,
                        REFUSED),
                HostileCase.of(
                        "a call counter filled again and again",
                        WAITS,
                        Setup.SPLIT,
                        a -> {
                            EventFd counter = a.closeLater(EventFd.create());
                            fill(counter, 0xFFFF_FFFF_FFFF_FFFEL);
                            FileCalls.setStatusFlags(counter.fd(), 0);
                            callsTo(a, counter.fd());
                            return a.race(400, () -> refill(counter), a::addPingIfRoom);
                        },
                        TAKEN,
                        REFUSED),
                own(
                        "its own connection as kick descriptor",
                        a -> a.ask(
                                RequestCode.SET_VRING_KICK,
                                Payload.number(0),
                                a.wire().fd())),
                own(
                        "its own connection as call descriptor",
                        a -> a.ask(
                                RequestCode.SET_VRING_CALL,
                                Payload.number(0),
                                a.wire().fd())),
                own(
                        "its own connection as channel of the back-end",
                        a -> a.ask(
                                RequestCode.SET_BACKEND_REQ_FD,
                                new byte[0],
                                a.wire().fd())),
                own(
                        "its own connection as device state",
                        a -> a.ask(
                                RequestCode.SET_DEVICE_STATE_FD,
                                Payload.state(1, 0),
                                a.wire().fd())));
    }

    private static HostileCase own(String name, HostileCase.Attack attack) {
        return HostileCase.of(name, "what is held must not keep a session alive", Setup.SPLIT, attack, REFUSED, ENDED);
    }

    private static Reaction callsTo(Attacker a, int fd) {
        Reaction reaction = a.ask(RequestCode.SET_VRING_CALL, Payload.number(1), fd);
        if (reaction != TAKEN) {
            return reaction;
        }
        reaction = a.ask(RequestCode.SET_VRING_CALL, Payload.number(0), fd);
        int place = a.tx().next;
        for (int i = 0; i < 16; i++) {
            a.addPing();
        }
        return reaction == TAKEN ? a.txFrom(place) : reaction;
    }

    private static void fill(EventFd counter, long value) {
        try (Arena arena = Arena.ofConfined()) {
            FileCalls.write(counter.fd(), arena.allocateFrom(ValueLayout.JAVA_LONG, value), 0, 8);
        }
    }

    /** Makes the counter empty for a moment only. */
    private static void refill(EventFd counter) {
        FileCalls.setStatusFlags(counter.fd(), FileCalls.O_NONBLOCK);
        counter.drain();
        fill(counter, 0xFFFF_FFFF_FFFF_FFFEL);
        FileCalls.setStatusFlags(counter.fd(), 0);
    }

    private static void fill(UnixSocket socket) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment some = arena.allocate(4096);
            for (long bytes = 4096; bytes > 0; bytes = bytes / 2) {
                long sent = bytes;
                while (sent > 0) {
                    sent = socket.send(some, 0, bytes);
                }
            }
        }
    }
}
