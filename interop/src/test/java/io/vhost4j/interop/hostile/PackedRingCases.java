// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.BROKEN;
import static io.vhost4j.interop.hostile.Reaction.IGNORED;
import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What a driver can write into packed rings. */
final class PackedRingCases {
    private static final String PACKED = "packed descriptors are checked before use (CVE-2020-10725)";
    private static final String LOOP = "CVE-2019-9547: endless chains";
    private static final long DATA = Ram.gpa(Attacker.TX_DATA);

    private PackedRingCases() {}

    static List<HostileCase> all() {
        return Stream.of(buffersAndTables(), chainsAndIds(), wrapBits(), eventArea(), receiving(), headers())
                .flatMap(List::stream)
                .toList();
    }

    private static HostileCase tx(
            String name, String lesson, Consumer<Attacker> attack, Reaction first, Reaction... more) {
        return HostileCase.of(
                name,
                lesson,
                Setup.PACKED,
                a -> {
                    int place = a.tx().next;
                    attack.accept(a);
                    return a.txFrom(place);
                },
                first,
                more);
    }

    private static HostileCase buffer(String name, long addr, long len, int flags) {
        return tx(name, PACKED, a -> a.tx().add(addr, len, flags), TAKEN);
    }

    private static HostileCase table(String name, long bytes, int inner) {
        return tx(
                name,
                PACKED,
                a -> {
                    a.ram().packedDesc(Attacker.TABLE, Ram.gpa(Attacker.TABLE), 64, 0, inner);
                    a.tx().add(Ram.gpa(Attacker.TABLE), bytes, RawRing.INDIRECT);
                },
                TAKEN);
    }

    private static List<HostileCase> buffersAndTables() {
        return List.of(
                buffer("packed: a buffer at address 0", 0, 100, 0),
                buffer("packed: a buffer of 0 bytes", DATA, 0, 0),
                buffer("packed: a buffer of 4 GiB - 1", DATA, 0xFFFF_FFFFL, 0),
                buffer("packed: a buffer of 4 bytes", DATA, 4, 0),
                buffer("packed: a writable buffer to send from", DATA, 100, RawRing.WRITE),
                buffer("packed: a buffer at the end of the address space", -16, 100, 0),
                table("packed: a table of 0 bytes", 0, 0),
                table("packed: a table of 17 bytes", 17, 0),
                table("packed: a table of 4 GiB - 16", 0xFFFF_FFF0L, 0),
                table("packed: a table in a table", 16, RawRing.INDIRECT));
    }

    private static List<HostileCase> chainsAndIds() {
        return List.of(
                tx(
                        "packed: a chain without end",
                        LOOP,
                        a -> {
                            for (int i = 255; i >= 0; i--) {
                                a.tx().packed(i, DATA, 0, i, RawRing.NEXT);
                            }
                        },
                        BROKEN),
                tx(
                        "packed: a chain that is not there yet",
                        LOOP,
                        a -> {
                            a.tx().packed(0, DATA, 100, 0, RawRing.NEXT);
                            a.tx().next = 2;
                        },
                        IGNORED,
                        BROKEN,
                        TAKEN),
                tx(
                        "packed: an id outside the ring",
                        "indices of buffers",
                        a -> a.tx().packed(0, DATA, 100, 0xFFFF, 0),
                        TAKEN,
                        BROKEN),
                tx(
                        "packed: the same id for all",
                        "indices of buffers",
                        a -> {
                            for (int i = 255; i >= 0; i--) {
                                a.tx().packed(i, DATA, 100, 7, 0);
                            }
                        },
                        TAKEN));
    }

    private static List<HostileCase> wrapBits() {
        return List.of(
                tx(
                        "packed: wrap bits of the wrong lap",
                        "wrap violations",
                        a -> a.ram().packedDesc(a.tx().descAt(0), DATA, 100, 0, RawRing.USED),
                        IGNORED),
                tx(
                        "packed: both wrap bits",
                        "wrap violations",
                        a -> a.ram().packedDesc(a.tx().descAt(0), DATA, 100, 0, RawRing.USED | RawRing.AVAIL),
                        IGNORED,
                        TAKEN),
                tx(
                        "packed: all bits of the ring set",
                        "wrap violations",
                        a -> {
                            for (long at = 0; at < 256 * 16; at += 8) {
                                a.ram().u64(a.tx().descAt(0) + at, -1);
                            }
                        },
                        IGNORED,
                        BROKEN,
                        TAKEN),
                tx(
                        "packed: every descriptor available for both laps in turn",
                        "wrap violations",
                        a -> {
                            for (int lap = 0; lap < 64; lap++) {
                                for (int i = 0; i < 256; i++) {
                                    a.tx().packed(lap * 256 + i, DATA, 100, i, 0);
                                }
                            }
                        },
                        TAKEN,
                        IGNORED));
    }

    private static List<HostileCase> eventArea() {
        return List.of(tx(
                "packed: rubbish in the event area",
                "fields of the driver",
                a -> {
                    a.ram().u32(a.tx().driverAt(), -1);
                    a.addPing();
                },
                TAKEN));
    }

    private static List<HostileCase> receiving() {
        return List.of(
                HostileCase.of(
                        "packed: buffers to fill of 1 byte",
                        "CVE-2026-86566: buffers shorter than the header",
                        Setup.PACKED,
                        a -> {
                            int place = a.rx().next;
                            for (int i = 0; i < 128; i++) {
                                a.rx().add(Ram.gpa(Attacker.RX_DATA), 1, RawRing.WRITE);
                            }
                            Reaction seen = IGNORED;
                            for (int i = 0; i < 10; i++) {
                                seen = a.rxAfterPings(place);
                            }
                            return seen;
                        },
                        TAKEN,
                        IGNORED),
                HostileCase.of(
                        "packed: an endless chain to receive into",
                        LOOP,
                        Setup.PACKED,
                        a -> {
                            for (int i = 255; i >= 0; i--) {
                                a.rx().packed(i, Ram.gpa(Attacker.RX_DATA), 0, i, RawRing.NEXT | RawRing.WRITE);
                            }
                            return a.rxAfterPings(0);
                        },
                        BROKEN));
    }

    private static List<HostileCase> headers() {
        return List.of(HostileCase.of(
                "packed: the header over 12 descriptors",
                "CVE-2022-2132",
                Setup.PACKED,
                a -> {
                    for (int i = 12; i >= 0; i--) {
                        a.tx().packed(i, DATA + i, i == 12 ? 60 : 1, 0, i == 12 ? 0 : RawRing.NEXT);
                    }
                    return a.txFrom(0);
                },
                TAKEN));
    }
}
