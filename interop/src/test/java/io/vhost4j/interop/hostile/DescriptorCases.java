// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.ENDED;
import static io.vhost4j.interop.hostile.Reaction.REFUSED;
import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.Payload;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** File descriptors: too many, missing, of the wrong kind, again and again. */
final class DescriptorCases {
    private static final String UNEXPECTED = "CVE-2022-0669: descriptors with messages that take none";
    private static final String REPEATED = "CVE-2019-14818, CVE-2021-3544: what comes again replaces what was";
    private static final String KIND = "CVE-2020-10942: descriptors of the wrong kind";
    private static final int TIMES = 300;
    private static final int HELD_AT_MOST = 24;

    private DescriptorCases() {}

    static List<HostileCase> all() {
        return Stream.of(counts(), notMemory(), notSignals(), notChannels(), again())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> counts() {
        return List.of(
                HostileCase.of(
                        "8 descriptors with each request that takes none",
                        UNEXPECTED,
                        Setup.CONNECTED,
                        a -> {
                            Reaction reaction = ENDED;
                            for (int request = 0; request <= 46; request++) {
                                reaction = worse(
                                        reaction, a.raw(Wire.message(request, Wire.VERSION, new byte[8]), eight(a)));
                                a.reconnect();
                            }
                            return reaction;
                        },
                        ENDED),
                HostileCase.of(
                        "253 descriptors with a table",
                        UNEXPECTED,
                        Setup.NEGOTIATED,
                        a -> {
                            int[] fds = new int[253];
                            Arrays.fill(fds, a.ram().fd());
                            return a.ask(RequestCode.SET_MEM_TABLE, a.wholeTable(), fds);
                        },
                        ENDED,
                        REFUSED),
                HostileCase.of(
                        "a descriptor missing from a table",
                        "missing descriptors",
                        Setup.NEGOTIATED,
                        a -> {
                            byte[] table = Attacker.table(
                                    new long[] {Ram.GPA, 4096, Ram.USER, 0},
                                    new long[] {Ram.GPA + 4096, 4096, Ram.USER + 4096, 0});
                            return a.ask(
                                    RequestCode.SET_MEM_TABLE, table, a.ram().fd());
                        },
                        ENDED,
                        REFUSED),
                HostileCase.of(
                        "a kick without the descriptor it promises",
                        "missing descriptors",
                        Setup.MEMORY,
                        a -> a.ask(RequestCode.SET_VRING_KICK, Payload.number(0)),
                        ENDED,
                        REFUSED),
                HostileCase.of(
                        "a log without a descriptor",
                        "missing descriptors",
                        Setup.MEMORY,
                        a -> a.ask(
                                RequestCode.SET_LOG_BASE,
                                new Payload().u64(4096).u64(0).toBytes()),
                        ENDED,
                        REFUSED),
                HostileCase.of(
                        "descriptors with the second half of a message",
                        UNEXPECTED,
                        Setup.NEGOTIATED,
                        a -> {
                            byte[] table = Wire.message(
                                    RequestCode.SET_MEM_TABLE.code(), Wire.VERSION | Wire.NEED_REPLY, a.wholeTable());
                            a.wire().send(Arrays.copyOf(table, 20));
                            a.wire()
                                    .send(
                                            Arrays.copyOfRange(table, 20, table.length),
                                            a.ram().fd());
                            Wire.Reply reply = a.wire().receive();
                            return reply == null ? a.afterwards() : reply.u64() == 0 ? TAKEN : REFUSED;
                        },
                        TAKEN,
                        REFUSED,
                        ENDED));
    }

    private static int[] eight(Attacker a) {
        int[] fds = new int[8];
        Arrays.fill(fds, a.ram().fd());
        return fds;
    }

    /** The one that is further from an end of the session. */
    private static Reaction worse(Reaction one, Reaction other) {
        return one == ENDED ? other : one;
    }

    private static List<HostileCase> notMemory() {
        return List.of(
                HostileCase.of(
                        "a directory as memory", KIND, Setup.NEGOTIATED, a -> memory(a, directory()), REFUSED, ENDED),
                HostileCase.of(
                        "/dev/null as memory",
                        KIND,
                        Setup.NEGOTIATED,
                        a -> memory(a, file("/dev/null")),
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "an event counter as memory",
                        KIND,
                        Setup.NEGOTIATED,
                        a -> {
                            try (EventFd fd = EventFd.create()) {
                                return a.ask(RequestCode.SET_MEM_TABLE, a.wholeTable(), fd.fd());
                            }
                        },
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "a file of /proc as memory",
                        KIND,
                        Setup.NEGOTIATED,
                        a -> memory(a, file("/proc/self/maps")),
                        REFUSED,
                        ENDED));
    }

    private static List<HostileCase> notSignals() {
        return List.of(
                HostileCase.of(
                        "a directory as call descriptor",
                        KIND,
                        Setup.MEMORY,
                        a -> ring(a, RequestCode.SET_VRING_CALL, directory()),
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "memory as call descriptor",
                        KIND,
                        Setup.MEMORY,
                        a -> a.ask(
                                RequestCode.SET_VRING_CALL,
                                Payload.number(0),
                                a.ram().fd()),
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "memory as kick descriptor",
                        KIND,
                        Setup.MEMORY,
                        a -> a.ask(
                                RequestCode.SET_VRING_KICK,
                                Payload.number(0),
                                a.ram().fd()),
                        TAKEN,
                        REFUSED),
                HostileCase.of(
                        "/dev/zero as error descriptor",
                        KIND,
                        Setup.MEMORY,
                        a -> ring(a, RequestCode.SET_VRING_ERR, file("/dev/zero")),
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "memory as log signal",
                        KIND,
                        Setup.MEMORY,
                        a -> a.ask(RequestCode.SET_LOG_FD, new byte[0], a.ram().fd()),
                        REFUSED,
                        ENDED));
    }

    private static List<HostileCase> notChannels() {
        return List.of(
                HostileCase.of(
                        "memory as channel of the back-end",
                        KIND,
                        Setup.NEGOTIATED,
                        a -> a.ask(
                                RequestCode.SET_BACKEND_REQ_FD,
                                new byte[0],
                                a.ram().fd()),
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "memory as device state",
                        KIND,
                        Setup.MEMORY,
                        a -> a.ask(
                                RequestCode.SET_DEVICE_STATE_FD,
                                Payload.state(1, 0),
                                a.ram().fd()),
                        TAKEN,
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "device state from a socket that never ends",
                        "no call of the event thread waits",
                        Setup.MEMORY,
                        a -> {
                            UnixSocket.Pair pair = a.closeLater(UnixSocket.pair());
                            a.ask(
                                    RequestCode.SET_DEVICE_STATE_FD,
                                    Payload.state(1, 0),
                                    pair.first().fd());
                            return a.wire().ended() ? ENDED : a.ask(RequestCode.CHECK_DEVICE_STATE, new byte[0]);
                        },
                        TAKEN,
                        REFUSED,
                        ENDED));
    }

    private static OwnedFd directory() {
        return FileCalls.open("/tmp", FileCalls.O_RDONLY | FileCalls.O_DIRECTORY | FileCalls.O_CLOEXEC, 0);
    }

    private static OwnedFd file(String path) {
        return FileCalls.open(path, FileCalls.O_RDONLY | FileCalls.O_CLOEXEC, 0);
    }

    private static Reaction memory(Attacker a, OwnedFd file) {
        try (file) {
            return a.ask(RequestCode.SET_MEM_TABLE, a.wholeTable(), file.fd());
        }
    }

    private static Reaction ring(Attacker a, RequestCode code, OwnedFd file) {
        try (file) {
            return a.ask(code, Payload.number(0), file.fd());
        }
    }

    private static List<HostileCase> again() {
        return List.of(
                repeated(
                        "kick",
                        a -> a.ask(
                                RequestCode.SET_VRING_KICK,
                                Payload.number(0),
                                a.kick(0).fd())),
                repeated(
                        "call",
                        a -> a.ask(
                                RequestCode.SET_VRING_CALL,
                                Payload.number(0),
                                a.kick(0).fd())),
                repeated(
                        "err",
                        a -> a.ask(
                                RequestCode.SET_VRING_ERR,
                                Payload.number(0),
                                a.kick(0).fd())),
                repeated(
                        "log signal",
                        a -> a.ask(
                                RequestCode.SET_LOG_FD, new byte[0], a.kick(0).fd())),
                repeated(
                        "log",
                        a -> a.ask(
                                RequestCode.SET_LOG_BASE,
                                new Payload().u64(65536).u64(0).toBytes(),
                                a.ram().fd())),
                repeated("memory table", Attacker::shareMemory),
                HostileCase.of(
                        "back-end channel, 300 times",
                        REPEATED,
                        Setup.SPLIT,
                        a -> {
                            UnixSocket.Pair pair = a.closeLater(UnixSocket.pair());
                            return again(
                                    a,
                                    x -> x.ask(
                                            RequestCode.SET_BACKEND_REQ_FD,
                                            new byte[0],
                                            pair.first().fd()));
                        },
                        TAKEN,
                        REFUSED),
                HostileCase.of(
                        "in-flight buffer asked for, 300 times",
                        "CVE-2020-10726: GET_INFLIGHT_FD leaks",
                        Setup.NEGOTIATED,
                        a -> again(a, x -> x.ask(RequestCode.GET_INFLIGHT_FD, inflight(0, 0, 2, 256))),
                        TAKEN),
                HostileCase.of(
                        "post-copy announced, 300 times",
                        REPEATED,
                        Setup.NEGOTIATED,
                        a -> again(a, x -> x.ask(RequestCode.POSTCOPY_ADVISE, new byte[0])),
                        TAKEN,
                        REFUSED,
                        ENDED));
    }

    static byte[] inflight(long size, long offset, int queues, int queueSize) {
        return new Payload()
                .u64(size)
                .u64(offset)
                .u32(queues | (long) queueSize << 16)
                .u32(0)
                .toBytes();
    }

    private static HostileCase repeated(String what, HostileCase.Attack once) {
        return HostileCase.of(what + ", 300 times", REPEATED, Setup.SPLIT, a -> again(a, once), TAKEN);
    }

    /** The process must not hold more and more; it may hold some descriptors for a connection. */
    private static Reaction again(Attacker a, HostileCase.Attack once) {
        long pid = a.target().program().pid();
        ProcessState before = ProcessState.of(pid);
        Reaction reaction = TAKEN;
        for (int i = 0; i < TIMES && (reaction == TAKEN || reaction == REFUSED); i++) {
            reaction = once.on(a);
        }
        ProcessState after = ProcessState.of(pid);
        if (after.fds() - before.fds() > HELD_AT_MOST || after.mappings() - before.mappings() > HELD_AT_MOST) {
            throw new HeldTooMuchException(after.beyond(before));
        }
        return reaction;
    }
}
