// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.ENDED;
import static io.vhost4j.interop.hostile.Reaction.IGNORED;
import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.Payload;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Connections: many, half open, slow, cut off anywhere, never read. */
final class ConnectionCases {
    private static final String FLOOD = "floods of connections";
    private static final String CUT = "disconnects at every message boundary";
    private static final String SLOW = "time for a message is limited";
    private static final String UNREAD = "replies that the peer never reads";

    private ConnectionCases() {}

    static List<HostileCase> all() {
        return Stream.of(floods(), cuts(), slowMessages(), unreadReplies(), halfClosed())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> floods() {
        return List.of(
                HostileCase.of(
                        "1200 connections at once",
                        FLOOD,
                        Setup.CONNECTED,
                        a -> {
                            for (int i = 0; i < 1200; i++) {
                                a.another();
                            }
                            return a.afterwards();
                        },
                        IGNORED,
                        ENDED),
                HostileCase.of(
                        "500 connections, one after the other",
                        FLOOD,
                        Setup.CONNECTED,
                        a -> {
                            for (int i = 0; i < 500; i++) {
                                Wire.connect(a.target().victim()).close();
                            }
                            return a.afterwards();
                        },
                        IGNORED),
                HostileCase.of(
                        "20 devices that come and go",
                        FLOOD,
                        Setup.SPLIT,
                        a -> {
                            for (int i = 0; i < 20; i++) {
                                a.addPing();
                                a.reconnect();
                            }
                            return a.failed() == null ? TAKEN : a.failed();
                        },
                        TAKEN));
    }

    private static List<HostileCase> cuts() {
        return List.of(
                HostileCase.of("cut off after each message", CUT, Setup.CONNECTED, a -> cutOff(a, false), TAKEN),
                HostileCase.of("cut off inside each message", CUT, Setup.CONNECTED, a -> cutOff(a, true), TAKEN));
    }

    private static List<HostileCase> slowMessages() {
        return List.of(
                HostileCase.of(
                        "every byte by itself",
                        SLOW,
                        Setup.CONNECTED,
                        a -> {
                            for (byte[] message : startUp()) {
                                for (byte one : message) {
                                    a.wire().send(new byte[] {one});
                                }
                            }
                            return a.afterwards();
                        },
                        IGNORED),
                HostileCase.of(
                        "200 halves of messages",
                        SLOW,
                        Setup.CONNECTED,
                        a -> {
                            for (int i = 0; i < 200; i++) {
                                a.another().send(new byte[] {1, 0, 0, 0, 1, 0});
                            }
                            // it may have been ended to make room for those after it
                            return a.afterwards() == Reaction.SILENT ? Reaction.SILENT : IGNORED;
                        },
                        IGNORED),
                HostileCase.of(
                        "half a message, then nothing for 11 s",
                        SLOW,
                        Setup.CONNECTED,
                        a -> {
                            a.wire().send(new byte[] {1, 0, 0, 0, 1, 0});
                            return a.wire().endsWithin(11_000) ? ENDED : IGNORED;
                        },
                        ENDED));
    }

    private static List<HostileCase> unreadReplies() {
        return List.of(
                HostileCase.of(
                        "100000 requests whose replies are not read",
                        UNREAD,
                        Setup.NEGOTIATED,
                        a -> flood(a, RequestCode.GET_FEATURES),
                        ENDED),
                HostileCase.of(
                        "replies with descriptors that are not read",
                        UNREAD,
                        Setup.NEGOTIATED,
                        a -> {
                            byte[] ask = Wire.message(
                                    RequestCode.GET_INFLIGHT_FD.code(),
                                    Wire.VERSION,
                                    DescriptorCases.inflight(0, 0, 2, 256));
                            return unread(a, ask);
                        },
                        ENDED),
                HostileCase.of(
                        "200 requests in one piece",
                        UNREAD,
                        Setup.NEGOTIATED,
                        a -> {
                            byte[] all = new byte[0];
                            for (int i = 0; i < 200; i++) {
                                all = Wire.join(all, Wire.header(RequestCode.GET_FEATURES.code(), Wire.VERSION, 0));
                            }
                            a.wire().send(all);
                            for (int i = 0; i < 200; i++) {
                                if (a.wire().receive() == null) {
                                    return a.wire().ended() ? ENDED : Reaction.SILENT;
                                }
                            }
                            return TAKEN;
                        },
                        TAKEN));
    }

    private static List<HostileCase> halfClosed() {
        return List.of(
                HostileCase.of(
                        "only the sending half closed",
                        CUT,
                        Setup.SPLIT,
                        a -> {
                            a.addPing();
                            a.wire().socket().shutdown(UnixSocket.SHUT_WR);
                            return a.wire().endsWithin(2000) ? TAKEN : IGNORED;
                        },
                        TAKEN),
                HostileCase.of(
                        "only the receiving half closed",
                        CUT,
                        Setup.SPLIT,
                        a -> {
                            a.wire().socket().shutdown(UnixSocket.SHUT_RD);
                            a.wire().send(RequestCode.GET_FEATURES, new byte[0]);
                            LockSupport.parkNanos(20_000_000);
                            a.wire().send(RequestCode.GET_FEATURES, new byte[0]);
                            LockSupport.parkNanos(20_000_000);
                            return a.wire().trySend(new byte[] {0}, 0) < 0 ? ENDED : IGNORED;
                        },
                        ENDED,
                        IGNORED));
    }

    private static Reaction flood(Attacker a, RequestCode code) {
        return unread(a, Wire.header(code.code(), Wire.VERSION, 0));
    }

    private static Reaction unread(Attacker a, byte[] request) {
        long end = System.nanoTime() + 2_000_000_000L;
        int sent = 0;
        while (sent < 100_000 && System.nanoTime() - end < 0) {
            int count = a.wire().trySend(request, 0);
            if (count < 0) {
                return ENDED;
            }
            sent += count > 0 ? 1 : 0;
        }
        return IGNORED;
    }

    /** A good start up to the first ring, without descriptors. */
    private static List<byte[]> startUp() {
        return List.of(
                message(RequestCode.GET_FEATURES, new byte[0]),
                message(RequestCode.GET_PROTOCOL_FEATURES, new byte[0]),
                message(RequestCode.SET_PROTOCOL_FEATURES, Payload.number(8)),
                message(RequestCode.SET_OWNER, new byte[0]),
                message(RequestCode.SET_FEATURES, Payload.number(1L << 32 | 1L << 30)),
                message(RequestCode.SET_VRING_NUM, Payload.state(0, 256)),
                message(RequestCode.SET_VRING_BASE, Payload.state(0, 0)),
                message(RequestCode.SET_VRING_ENABLE, Payload.state(0, 1)));
    }

    private static byte[] message(RequestCode code, byte[] payload) {
        return Wire.message(code.code(), Wire.VERSION, payload);
    }

    private static Reaction cutOff(Attacker a, boolean inside) {
        List<byte[]> messages = startUp();
        for (int last = 0; last < messages.size(); last++) {
            int cuts = inside ? messages.get(last).length : 1;
            for (int cut = 0; cut < cuts; cut++) {
                try (Wire wire = Wire.connect(a.target().victim())) {
                    for (int i = 0; i < last; i++) {
                        wire.send(messages.get(i));
                    }
                    byte[] message = messages.get(last);
                    wire.send(inside ? Arrays.copyOf(message, cut) : message);
                }
            }
        }
        return a.afterwards() == IGNORED ? TAKEN : Reaction.SILENT;
    }
}
