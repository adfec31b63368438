// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.BROKEN;
import static io.vhost4j.interop.hostile.Reaction.ENDED;
import static io.vhost4j.interop.hostile.Reaction.IGNORED;
import static io.vhost4j.interop.hostile.Reaction.REFUSED;
import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.Payload;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Memory that is not what it is said to be, or stops being so. */
final class MemoryCases {
    private static final String REGION = "CVE-2026-86561: region checked against its file and against overflow";
    private static final String GONE = "SIGBUS: the memory file was truncated";
    private static final String CONTIGUOUS = "CVE-2018-1059: the whole range is translated";
    private static final long MIB = 1 << 20;

    private MemoryCases() {}

    static List<HostileCase> all() {
        return Stream.of(
                        regions(),
                        files(),
                        truncatedRings(),
                        truncatedBuffers(),
                        flickering(),
                        truncatedOnTheWay(),
                        changes(),
                        regionEnds())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> regions() {
        return List.of(
                table("a region longer than its file", new long[] {Ram.GPA, Ram.SIZE + 4096, Ram.USER, 0}),
                table("an offset beyond the file", new long[] {Ram.GPA, 4096, Ram.USER, Ram.SIZE}),
                table("an offset that overflows", new long[] {Ram.GPA, Ram.SIZE, Ram.USER, -4096}),
                table("a region of 0 bytes", new long[] {Ram.GPA, 0, Ram.USER, 0}),
                table("a region of 2^64 - 1 bytes", new long[] {Ram.GPA, -1, Ram.USER, 0}),
                table("a region of 2^63 bytes", new long[] {Ram.GPA, Long.MIN_VALUE, Ram.USER, 0}),
                table("a guest address that overflows", new long[] {-4096, Ram.SIZE, Ram.USER, 0}),
                table("a front-end address that overflows", new long[] {Ram.GPA, Ram.SIZE, -4096, 0}),
                two("regions that overlap for the guest", Ram.GPA + MIB, Ram.USER + Ram.SIZE),
                two("regions that overlap for the front-end", Ram.GPA + Ram.SIZE, Ram.USER + MIB),
                HostileCase.of(
                        "600 regions, one by one",
                        "slots are limited",
                        Setup.NEGOTIATED,
                        a -> {
                            Reaction reaction = TAKEN;
                            for (int i = 0; i < 600 && reaction == TAKEN; i++) {
                                reaction = a.ask(
                                        RequestCode.ADD_MEM_REG,
                                        Payload.region(Ram.GPA + i * MIB, 4096, Ram.USER + i * MIB, 0),
                                        a.ram().fd());
                            }
                            return reaction;
                        },
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "a region removed that never was",
                        REGION,
                        Setup.MEMORY,
                        a -> a.ask(RequestCode.REM_MEM_REG, Payload.region(0, 4096, 4096, 0)),
                        REFUSED,
                        ENDED));
    }

    private static HostileCase table(String name, long[] region) {
        return HostileCase.of(
                name,
                REGION,
                Setup.NEGOTIATED,
                a -> a.ask(
                        RequestCode.SET_MEM_TABLE,
                        Attacker.table(region),
                        a.ram().fd()),
                REFUSED,
                ENDED);
    }

    private static HostileCase two(String name, long gpa, long user) {
        return HostileCase.of(
                name,
                "overlapping regions",
                Setup.NEGOTIATED,
                a -> a.ask(
                        RequestCode.SET_MEM_TABLE,
                        Attacker.table(
                                new long[] {Ram.GPA, Ram.SIZE, Ram.USER, 0}, new long[] {gpa, Ram.SIZE, user, 0}),
                        a.ram().fd(),
                        a.ram().fd()),
                REFUSED,
                ENDED);
    }

    private static List<HostileCase> files() {
        return List.of(
                HostileCase.of(
                        "a file truncated before it is mapped",
                        GONE,
                        Setup.NEGOTIATED,
                        a -> {
                            a.ram().resize(0);
                            return a.shareMemory();
                        },
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "a file sealed against writing",
                        REGION,
                        Setup.NEGOTIATED,
                        a -> {
                            try (OwnedFd file = MemFd.create("sealed", Ram.SIZE)) {
                                MemFd.addSeals(file.fd(), MemFd.F_SEAL_WRITE);
                                return a.ask(RequestCode.SET_MEM_TABLE, a.wholeTable(), file.fd());
                            }
                        },
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "a file that may only be read",
                        REGION,
                        Setup.NEGOTIATED,
                        a -> {
                            try (OwnedFd file =
                                    FileCalls.open("/proc/self/fd/" + a.ram().fd(), FileCalls.O_RDONLY, 0)) {
                                return a.ask(RequestCode.SET_MEM_TABLE, a.wholeTable(), file.fd());
                            }
                        },
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "a sparse file of 8 TiB",
                        "memory is not touched until used",
                        Setup.NEGOTIATED,
                        a -> {
                            try (OwnedFd file = MemFd.create("sparse", 8L << 40)) {
                                byte[] table = Attacker.table(new long[] {Ram.GPA, 8L << 40, Ram.USER, 0});
                                return a.ask(RequestCode.SET_MEM_TABLE, table, file.fd());
                            }
                        },
                        TAKEN,
                        REFUSED));
    }

    private static List<HostileCase> truncatedRings() {
        return List.of(
                HostileCase.of(
                        "memory truncated to nothing under traffic", GONE, Setup.SPLIT, a -> truncate(a, 0), BROKEN),
                HostileCase.of("memory truncated to nothing, packed", GONE, Setup.PACKED, a -> truncate(a, 0), BROKEN),
                HostileCase.of(
                        "truncated to the transmit ring",
                        GONE,
                        Setup.SPLIT,
                        a -> truncate(a, a.tx().deviceAt()),
                        BROKEN));
    }

    private static Reaction truncate(Attacker a, long bytes) {
        for (int i = 0; i < 64; i++) {
            a.addPing();
        }
        a.ram().resize(bytes);
        long end = System.nanoTime() + 1_000_000_000;
        while (System.nanoTime() - end < 0) {
            if (a.isBroken()) {
                return BROKEN;
            }
            if (a.wire().endsWithin(0)) {
                return ENDED;
            }
            LockSupport.parkNanos(1_000_000);
        }
        return IGNORED;
    }

    private static List<HostileCase> truncatedBuffers() {
        return List.of(
                HostileCase.of(
                        "packets to send truncated away",
                        GONE,
                        Setup.SPLIT,
                        a -> {
                            int place = a.tx().next;
                            a.addPing();
                            a.ram().resize(Attacker.TX_DATA);
                            a.tx().add(Ram.gpa(Attacker.TX_DATA), 1000, 0);
                            return a.txFrom(place + 1);
                        },
                        BROKEN),
                HostileCase.of(
                        "buffers to fill truncated away",
                        GONE,
                        Setup.SPLIT,
                        a -> {
                            a.ram().resize(Attacker.TABLE);
                            int place = a.rx().next;
                            for (int i = 0; i < 128; i++) {
                                a.rx().add(Ram.gpa(Attacker.TABLE), 2048, RawRing.WRITE);
                            }
                            for (int i = 0; i < 16; i++) {
                                Reaction seen = a.rxAfterPings(place);
                                if (seen != IGNORED) {
                                    return seen;
                                }
                            }
                            return IGNORED;
                        },
                        BROKEN),
                HostileCase.of(
                        "an indirect table truncated away",
                        GONE,
                        Setup.SPLIT,
                        a -> {
                            int place = a.tx().next;
                            a.ram().resize(Attacker.TABLE);
                            a.tx().add(Ram.gpa(Attacker.TABLE), 64, RawRing.INDIRECT);
                            return a.txFrom(place);
                        },
                        BROKEN));
    }

    private static List<HostileCase> flickering() {
        return List.of(
                HostileCase.of(
                        "truncated and grown again and again",
                        GONE,
                        Setup.SPLIT,
                        a -> a.race(
                                400,
                                () -> {
                                    a.ram().resize(Attacker.TABLE);
                                    a.ram().resize(Ram.SIZE);
                                },
                                () -> a.tx().add(Ram.gpa(Attacker.TABLE), 1000, 0)),
                        BROKEN,
                        TAKEN),
                HostileCase.of(
                        "holes punched under traffic",
                        GONE,
                        Setup.SPLIT,
                        a -> a.race(300, () -> a.ram().punch(0, Ram.SIZE), a::addPingIfRoom),
                        TAKEN,
                        BROKEN));
    }

    private static List<HostileCase> truncatedOnTheWay() {
        return List.of(
                HostileCase.of(
                        "truncated while the connection ends",
                        GONE,
                        Setup.SPLIT,
                        a -> {
                            a.addPing();
                            a.ram().resize(0);
                            a.wire().close();
                            return IGNORED;
                        },
                        IGNORED),
                HostileCase.of(
                        "truncated, then asked for the ring's position",
                        GONE,
                        Setup.SPLIT,
                        a -> {
                            a.ram().resize(0);
                            a.ask(
                                    RequestCode.SET_VRING_CALL,
                                    Payload.number(0),
                                    a.kick(0).fd());
                            return a.ask(RequestCode.GET_VRING_BASE, Payload.state(0, 0));
                        },
                        TAKEN,
                        ENDED),
                HostileCase.of(
                        "rings started on truncated memory",
                        GONE,
                        Setup.MEMORY,
                        a -> {
                            a.ram().resize(0);
                            Reaction reaction = a.ring(a.rx());
                            return reaction == TAKEN ? a.ring(a.tx()) : reaction;
                        },
                        REFUSED,
                        ENDED,
                        TAKEN));
    }

    private static List<HostileCase> changes() {
        return List.of(
                HostileCase.of(
                        "no memory under running rings",
                        "rings leave memory before it goes",
                        Setup.SPLIT,
                        a -> {
                            a.addPing();
                            Reaction reaction = a.ask(RequestCode.SET_MEM_TABLE, Attacker.table());
                            return a.isBroken() ? BROKEN : reaction;
                        },
                        BROKEN,
                        REFUSED),
                HostileCase.of(
                        "the rings' memory removed",
                        "rings leave memory before it goes",
                        Setup.SPLIT,
                        a -> {
                            a.addPing();
                            Reaction reaction =
                                    a.ask(RequestCode.REM_MEM_REG, Payload.region(Ram.GPA, Ram.SIZE, Ram.USER, 0));
                            return a.isBroken() ? BROKEN : reaction;
                        },
                        BROKEN,
                        REFUSED),
                HostileCase.of(
                        "the table replaced 200 times under traffic",
                        "rings leave memory before it goes",
                        Setup.SPLIT,
                        a -> {
                            Reaction reaction = TAKEN;
                            for (int i = 0; i < 200 && reaction == TAKEN; i++) {
                                a.addPing();
                                reaction = a.shareMemory();
                            }
                            return reaction;
                        },
                        TAKEN));
    }

    private static List<HostileCase> regionEnds() {
        return List.of(
                HostileCase.of(
                        "a buffer that goes on after its region",
                        CONTIGUOUS,
                        Setup.SPLIT,
                        a -> {
                            int place = a.tx().next;
                            a.tx().add(Ram.gpa(Ram.SIZE - 64), 128, 0);
                            return a.txFrom(place);
                        },
                        TAKEN),
                HostileCase.of(
                        "a buffer to fill that goes on after its region",
                        CONTIGUOUS,
                        Setup.SPLIT,
                        a -> {
                            int place = a.rx().next;
                            for (int i = 0; i < 128; i++) {
                                a.rx().add(Ram.gpa(Ram.SIZE - 64), 2048, RawRing.WRITE);
                            }
                            for (int i = 0; i < 10; i++) {
                                a.rxAfterPings(place);
                            }
                            return a.rxAfterPings(place);
                        },
                        TAKEN),
                HostileCase.of(
                        "a table across the end of its region",
                        CONTIGUOUS,
                        Setup.SPLIT,
                        a -> {
                            int place = a.tx().next;
                            a.ram().desc(Ram.SIZE - 16, Ram.gpa(Attacker.TX_DATA), 100, RawRing.NEXT, 1);
                            a.tx().add(Ram.gpa(Ram.SIZE - 16), 64, RawRing.INDIRECT);
                            return a.txFrom(place);
                        },
                        TAKEN));
    }
}
