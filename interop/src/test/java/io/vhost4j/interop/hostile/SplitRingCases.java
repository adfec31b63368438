// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.BROKEN;
import static io.vhost4j.interop.hostile.Reaction.IGNORED;
import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import io.vhost4j.VirtioFeature;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What a driver can write into split rings. */
final class SplitRingCases {
    private static final String AVAIL = "CVE-2026-86846: the available index is bounded";
    private static final String LOOP = "CVE-2019-9547, CVE-2019-3900: endless chains";
    private static final String ZERO = "CVE-2019-14835, CVE-2018-16880: zero-length descriptors";
    private static final String TABLE = "CVE-2026-93683, QEMU 2149: indirect tables";
    private static final String NULL = "CVE-2020-10725: addresses are checked before use";
    private static final String RUNT = "CVE-2026-86566: buffers shorter than the header";
    private static final String SPREAD = "CVE-2022-2132: the header over many descriptors";
    private static final long MAX_LEN = 0xFFFF_FFFFL;

    private SplitRingCases() {}

    static List<HostileCase> all() {
        return Stream.of(indices(), chains(), buffers(), tables(), receive())
                .flatMap(List::stream)
                .toList();
    }

    /** Does something to the transmit ring and looks what becomes of its next chain. */
    private static HostileCase tx(
            String name, String lesson, Consumer<Attacker> attack, Reaction first, Reaction... more) {
        return HostileCase.of(
                name,
                lesson,
                Setup.SPLIT,
                a -> {
                    int place = a.tx().next;
                    attack.accept(a);
                    return a.txFrom(place);
                },
                first,
                more);
    }

    /** As above, for the receive ring: enough for all buffers before it to be used. */
    private static HostileCase rx(
            String name, String lesson, Consumer<Attacker> attack, Reaction first, Reaction... more) {
        return HostileCase.of(
                name,
                lesson,
                Setup.SPLIT,
                a -> {
                    int place = a.rx().next;
                    attack.accept(a);
                    Reaction seen = IGNORED;
                    for (int i = 0; i < 12 && seen == IGNORED; i++) {
                        seen = a.rxAfterPings(place - 64 + 8 * i);
                        seen = seen == TAKEN && i < 9 ? IGNORED : seen;
                    }
                    return seen;
                },
                first,
                more);
    }

    private static List<HostileCase> indices() {
        return List.of(
                tx("available index ahead by the ring's size and 1", AVAIL, a -> a.tx().publish(257), BROKEN),
                tx("available index ahead by half of all", AVAIL, a -> a.tx().publish(0x8000), BROKEN),
                tx("available index back by 1", AVAIL, a -> a.tx().publish(0xFFFF), BROKEN),
                rx("available index of the receive ring ahead", AVAIL, a -> a.rx().publish(0x8000), BROKEN),
                tx(
                        "a head outside the ring",
                        "CVE-2026-86846",
                        a -> {
                            a.tx().entry(256);
                            a.tx().publish();
                        },
                        BROKEN),
                tx(
                        "a head of 65535",
                        "CVE-2026-86846",
                        a -> {
                            a.tx().entry(0xFFFF);
                            a.tx().publish();
                        },
                        BROKEN),
                rx(
                        "a head outside the receive ring",
                        "CVE-2026-86846",
                        a -> {
                            a.rx().entry(0x7FFF);
                            a.rx().publish();
                        },
                        BROKEN),
                tx(
                        "a successor outside the ring",
                        "indices of descriptors",
                        a -> {
                            a.tx().desc(0, Ram.gpa(Attacker.TX_DATA), 100, RawRing.NEXT, 256);
                            a.tx().entry(0);
                            a.tx().publish();
                        },
                        BROKEN),
                tx(
                        "one head 256 times",
                        "a chain given twice",
                        a -> {
                            a.tx().desc(0, Ram.gpa(Attacker.TX_DATA), 100, 0, 0);
                            for (int i = 0; i < 256; i++) {
                                a.tx().entry(0);
                            }
                            a.tx().publish();
                        },
                        TAKEN),
                tx(
                        "rubbish in the suppression fields",
                        "fields of the driver",
                        a -> {
                            a.ram().u16(a.tx().driverAt(), 0xFFFF);
                            a.ram().u16(a.tx().driverAt() + 4 + 2 * 256, 0x5555);
                            a.addPing();
                        },
                        TAKEN));
    }

    private static List<HostileCase> chains() {
        return List.of(
                tx("a descriptor that follows itself", LOOP, a -> loop(a, 64, 0, 0), BROKEN),
                tx("two descriptors that follow each other", LOOP, a -> loop(a, 64, 1, 0), BROKEN),
                tx("an endless chain of zero length", LOOP + "; " + ZERO, a -> loop(a, 0, 1, 0), BROKEN),
                rx(
                        "an endless chain to receive into",
                        LOOP,
                        a -> {
                            a.rx().desc(100, Ram.gpa(Attacker.RX_DATA), 16, RawRing.WRITE | RawRing.NEXT, 101);
                            a.rx().desc(101, Ram.gpa(Attacker.RX_DATA), 0, RawRing.WRITE | RawRing.NEXT, 100);
                            a.rx().entry(100);
                            a.rx().publish();
                        },
                        BROKEN),
                tx("the header over 12 descriptors", SPREAD, a -> spread(a, 1, 13), TAKEN),
                tx("a packet over the whole ring", SPREAD, a -> spread(a, 1, 256), TAKEN),
                tx("256 descriptors of 16 MiB each", "sums of lengths", a -> spread(a, 16 << 20, 256), TAKEN),
                tx("256 descriptors of 4 GiB - 1", "sums of lengths", a -> spread(a, MAX_LEN, 256), TAKEN),
                HostileCase.of(
                        "packets of 64 KiB without end",
                        "CVE-2016-5403: unbounded allocation",
                        Setup.SPLIT,
                        a -> {
                            for (int i = 0; i < 256; i++) {
                                a.tx().add(Ram.gpa(Attacker.TX_DATA), 65000, 0);
                            }
                            return a.txFrom(255);
                        },
                        TAKEN));
    }

    private static void loop(Attacker a, long len, int second, int third) {
        a.tx().desc(0, Ram.gpa(Attacker.TX_DATA), len, RawRing.NEXT, second);
        a.tx().desc(1, Ram.gpa(Attacker.TX_DATA), len, RawRing.NEXT, third);
        a.tx().entry(0);
        a.tx().publish();
    }

    private static void spread(Attacker a, long len, int count) {
        for (int i = 0; i < count; i++) {
            boolean last = i == count - 1;
            long bytes = last && len == 1 && count < 256 ? 60 : len;
            a.tx().desc(i, Ram.gpa(Attacker.TX_DATA + i), bytes, last ? 0 : RawRing.NEXT, i + 1);
        }
        a.tx().entry(0);
        a.tx().publish();
    }

    private static HostileCase buffer(String name, String lesson, long addr, long len, int flags) {
        return tx(name, lesson, a -> a.tx().add(addr, len, flags), TAKEN);
    }

    private static List<HostileCase> buffers() {
        long data = Ram.gpa(Attacker.TX_DATA);
        return List.of(
                buffer("a buffer at address 0", NULL, 0, 100, 0),
                buffer("a buffer at the end of the address space", NULL, -16, 100, 0),
                buffer("a buffer of 0 bytes", ZERO, data, 0, 0),
                buffer("a buffer of 4 GiB - 1", "lengths of 32 bits", data, MAX_LEN, 0),
                buffer("a buffer of 4 bytes", RUNT, data, 4, 0),
                buffer("a header alone", RUNT, data, 12, 0),
                buffer("a packet of 1 byte", RUNT, data, 13, 0),
                buffer("a writable buffer to send from", "wrong direction", data, 100, RawRing.WRITE),
                buffer("descriptor flags that do not exist", "reserved flags", data, 100, 0xFFF8),
                buffer("the ring itself as packet", "aliases", Ram.gpa(0x4_0000), 1500, 0),
                tx(
                        "zero-length descriptors between good ones",
                        ZERO,
                        a -> {
                            for (int i = 0; i < 8; i++) {
                                a.tx().desc(i, data, i % 2 == 0 ? 0 : 40, i == 7 ? 0 : RawRing.NEXT, i + 1);
                            }
                            a.tx().entry(0);
                            a.tx().publish();
                        },
                        TAKEN));
    }

    private static List<HostileCase> tables() {
        return List.of(
                table("a table of 0 bytes", Attacker.TABLE, 0, RawRing.INDIRECT),
                table("a table of 15 bytes", Attacker.TABLE, 15, RawRing.INDIRECT),
                table("a table of 17 bytes", Attacker.TABLE, 17, RawRing.INDIRECT),
                table("a table of 4 GiB - 16", Attacker.TABLE, MAX_LEN - 15, RawRing.INDIRECT),
                table("a table outside memory", 1L << 40, 64, RawRing.INDIRECT),
                table("a table with a successor", Attacker.TABLE, 64, RawRing.INDIRECT | RawRing.NEXT),
                table("a writable table", Attacker.TABLE, 64, RawRing.INDIRECT | RawRing.WRITE),
                entries("a table in a table", RawRing.INDIRECT, 0),
                entries("a table that is a loop", RawRing.NEXT, 0),
                entries("a successor outside the table", RawRing.NEXT, 4),
                entries("a successor of 65535 in a table", RawRing.NEXT, 0xFFFF),
                HostileCase.of(
                        "tables that were not negotiated",
                        TABLE,
                        Setup.SPLIT.without(VirtioFeature.RING_INDIRECT_DESC),
                        a -> {
                            int place = a.tx().next;
                            a.ram().desc(Attacker.TABLE, Ram.gpa(Attacker.TX_DATA), 100, 0, 0);
                            a.tx().add(Ram.gpa(Attacker.TABLE), 16, RawRing.INDIRECT);
                            return a.txFrom(place);
                        },
                        TAKEN),
                tx(
                        "a table of 32768 entries",
                        TABLE,
                        a -> {
                            for (int i = 0; i < 32768; i++) {
                                a.ram()
                                        .desc(
                                                Attacker.TABLE + 16L * i,
                                                Ram.gpa(Attacker.TX_DATA),
                                                1,
                                                RawRing.NEXT,
                                                i + 1);
                            }
                            a.tx().add(Ram.gpa(Attacker.TABLE), 32768 * 16, RawRing.INDIRECT);
                        },
                        TAKEN),
                rx(
                        "a table to receive into with a loop",
                        TABLE,
                        a -> {
                            a.ram().desc(Attacker.TABLE, Ram.gpa(Attacker.RX_DATA), 1, RawRing.WRITE | RawRing.NEXT, 0);
                            for (int i = 0; i < 64; i++) {
                                a.rx().add(Ram.gpa(Attacker.TABLE), 64, RawRing.INDIRECT);
                            }
                        },
                        TAKEN));
    }

    private static HostileCase table(String name, long at, long bytes, int flags) {
        return tx(name, TABLE, a -> a.tx().add(Ram.gpa(at), bytes, flags), TAKEN);
    }

    private static HostileCase entries(String name, int flags, int next) {
        return tx(
                name,
                TABLE,
                a -> {
                    for (int i = 0; i < 4; i++) {
                        a.ram().desc(Attacker.TABLE + 16L * i, Ram.gpa(Attacker.TABLE), 64, flags, next);
                    }
                    a.tx().add(Ram.gpa(Attacker.TABLE), 64, RawRing.INDIRECT);
                },
                TAKEN);
    }

    private static HostileCase fill(String name, String lesson, long addr, long len, int flags) {
        return rx(
                name,
                lesson,
                a -> {
                    for (int i = 0; i < 128; i++) {
                        a.rx().add(addr, len, flags);
                    }
                },
                TAKEN,
                IGNORED);
    }

    private static List<HostileCase> receive() {
        long data = Ram.gpa(Attacker.RX_DATA);
        return List.of(
                fill("buffers to fill of 0 bytes", RUNT, data, 0, RawRing.WRITE),
                fill("buffers to fill of 1 byte", RUNT, data, 1, RawRing.WRITE),
                fill("buffers to fill of 11 bytes", RUNT, data, 11, RawRing.WRITE),
                fill("buffers to fill of a header", RUNT, data, 12, RawRing.WRITE),
                fill("buffers to fill of 4 GiB - 1", "lengths of 32 bits", data, MAX_LEN, RawRing.WRITE),
                fill("buffers to fill at address 0", NULL, 0, 2048, RawRing.WRITE),
                fill("buffers to fill that are read-only", "wrong direction", data, 2048, 0),
                HostileCase.of(
                        "buffers of 1 byte without merging",
                        RUNT,
                        Setup.SPLIT.without(VirtioFeature.MRG_RXBUF),
                        a -> {
                            int place = a.rx().next;
                            for (int i = 0; i < 128; i++) {
                                a.rx().add(data, 1, RawRing.WRITE);
                            }
                            Reaction seen = IGNORED;
                            for (int i = 0; i < 10; i++) {
                                seen = a.rxAfterPings(place);
                            }
                            return seen;
                        },
                        TAKEN,
                        IGNORED),
                rx(
                        "the ring itself to receive into",
                        "aliases",
                        a -> {
                            for (int i = 0; i < 128; i++) {
                                a.rx().add(Ram.gpa(0), 2048, RawRing.WRITE);
                            }
                        },
                        TAKEN,
                        BROKEN,
                        IGNORED));
    }
}
