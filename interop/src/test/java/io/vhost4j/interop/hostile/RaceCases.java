// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.BROKEN;
import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.Payload;
import java.util.List;
import java.util.stream.Stream;

/** Memory that changes between the check and the use: a thread flips what the back-end is reading. */
final class RaceCases {
    private static final String FETCH = "CVE-2020-14374, CVE-2026-86562, CVE-2026-93683: each field is read once";
    private static final String NEXT = "CVE-2026-86848: successors are read once";
    private static final String LEAVE = "rings leave memory before it goes";
    private static final int MILLIS = 300;

    private RaceCases() {}

    static List<HostileCase> all() {
        return Stream.of(descriptors(), aroundDescriptors(), packed(), receiving(), reconfigured())
                .flatMap(List::stream)
                .toList();
    }

    /** One change; {@code turn} counts them. */
    @FunctionalInterface
    private interface Flip {
        void flip(Attacker attacker, int turn);
    }

    /** Flips in a thread of its own, while this one does the rest again and again. */
    private static Reaction race(Attacker a, Flip flip, Runnable rest) {
        int[] turn = {0};
        return a.race(MILLIS, () -> flip.flip(a, turn[0]++), rest);
    }

    private static HostileCase split(String name, String lesson, Flip flip) {
        return HostileCase.of(
                name,
                lesson,
                Setup.SPLIT,
                a -> race(a, flip, () -> {
                    for (int i = 0; i < 16 && a.hasRoom(a.tx()); i++) {
                        a.tx().entry(i % 8);
                    }
                    a.tx().publish();
                }),
                TAKEN,
                BROKEN);
    }

    private static List<HostileCase> descriptors() {
        return List.of(
                split(
                        "addresses that flip",
                        FETCH,
                        (a, turn) -> a.tx().desc(turn % 8, turn % 2 == 0 ? Ram.gpa(Attacker.TX_DATA) : -1, 200, 0, 0)),
                split(
                        "lengths that flip",
                        FETCH,
                        (a, turn) -> a.tx().desc(
                                        turn % 8,
                                        Ram.gpa(Attacker.TX_DATA),
                                        turn % 3 == 0 ? 100 : 0xFFFF_FFFFL >>> turn % 3,
                                        0,
                                        0)),
                split(
                        "flags that flip",
                        FETCH,
                        (a, turn) -> a.tx().desc(turn % 8, Ram.gpa(Attacker.TX_DATA), 64, turn % 8, turn % 16)),
                split(
                        "successors that flip",
                        NEXT,
                        (a, turn) -> a.tx().desc(
                                        turn % 8,
                                        Ram.gpa(Attacker.TX_DATA),
                                        1,
                                        RawRing.NEXT,
                                        turn % 3 == 0 ? 0xFFFF : turn % 256)));
    }

    private static List<HostileCase> aroundDescriptors() {
        return List.of(
                split("tables that flip", FETCH, (a, turn) -> {
                    a.ram()
                            .desc(
                                    Attacker.TABLE + turn % 4 * 16L,
                                    turn % 2 == 0 ? Ram.gpa(Attacker.TX_DATA) : -1,
                                    turn % 5 == 0 ? -1 : 64,
                                    turn % 8,
                                    turn % 7);
                    a.tx().desc(turn % 8, Ram.gpa(Attacker.TABLE), turn % 2 == 0 ? 64 : 16, RawRing.INDIRECT, 0);
                }),
                split("headers that flip", "CVE-2026-100236, CVE-2024-11614: the header is read once", (a, turn) -> {
                    a.ram().u64(Attacker.TX_DATA, turn % 2 == 0 ? 0 : turn * 0x9E37_79B9_7F4A_7C15L);
                    a.tx().desc(turn % 8, Ram.gpa(Attacker.TX_DATA), 1500, 0, 0);
                }),
                split("available entries that flip", FETCH, (a, turn) -> {
                    a.tx().desc(turn % 8, Ram.gpa(Attacker.TX_DATA), 100, 0, 0);
                    a.ram().u16(a.tx().driverAt() + 4 + turn % 256 * 2L, turn % 2 == 0 ? 0xFFFF : 1);
                }),
                split(
                        "the index of the device overwritten",
                        "CVE-2020-13759, QEMU 3882: the device's own fields are not read back",
                        (a, turn) -> {
                            a.tx().desc(turn % 8, Ram.gpa(Attacker.TX_DATA), 100, 0, 0);
                            a.ram().u16(a.tx().deviceAt() + 2, turn);
                        }));
    }

    private static HostileCase packed(String name, Flip flip) {
        return HostileCase.of(name, FETCH, Setup.PACKED, a -> race(a, flip, () -> {}), TAKEN, BROKEN);
    }

    private static List<HostileCase> packed() {
        long data = Ram.gpa(Attacker.TX_DATA);
        return List.of(
                packed(
                        "packed: flags that flip",
                        (a, turn) -> a.ram()
                                .packedDesc(
                                        a.tx().descAt(turn % 256),
                                        turn % 5 == 0 ? -1 : data,
                                        turn % 7 * 100L,
                                        turn,
                                        turn * 0x4081)),
                packed(
                        "packed: whole laps that flip",
                        (a, turn) ->
                                a.tx().packed(turn, data, turn % 2 == 0 ? 64 : 0xFFFF_FFFFL, turn % 256, turn % 8)));
    }

    private static List<HostileCase> receiving() {
        return List.of(HostileCase.of(
                "buffers to fill that flip",
                FETCH,
                Setup.SPLIT,
                a -> race(a, RaceCases::flipBufferToFill, () -> {
                    for (int i = 0; i < 8 && a.hasRoom(a.tx()); i++) {
                        a.addPing();
                        a.rx().entry(i);
                    }
                    a.rx().publish();
                }),
                TAKEN,
                BROKEN));
    }

    private static void flipBufferToFill(Attacker a, int turn) {
        a.rx().desc(
                        turn % 256,
                        turn % 3 == 0 ? -1 : Ram.gpa(Attacker.RX_DATA),
                        turn % 5 == 0 ? 3 : 2048,
                        RawRing.WRITE | turn % 2,
                        turn % 300);
    }

    private static List<HostileCase> reconfigured() {
        return List.of(
                HostileCase.of(
                        "the table replaced while descriptors flip",
                        LEAVE,
                        Setup.SPLIT,
                        a -> race(a, RaceCases::flipBufferToSend, () -> {
                            a.tx().entry(0);
                            a.tx().publish();
                            a.ask(
                                    RequestCode.SET_MEM_TABLE,
                                    a.wholeTable(),
                                    a.ram().fd());
                        }),
                        TAKEN,
                        BROKEN),
                HostileCase.of(
                        "rings stopped and started while descriptors flip",
                        LEAVE,
                        Setup.SPLIT,
                        a -> race(a, RaceCases::flipBufferToSend, () -> {
                            a.ask(RequestCode.GET_VRING_BASE, Payload.state(1, 0));
                            a.ring(a.tx());
                            a.tx().next = a.tx().usedIdx();
                            a.tx().entry(0);
                            a.tx().publish();
                        }),
                        TAKEN,
                        BROKEN));
    }

    private static void flipBufferToSend(Attacker a, int turn) {
        a.tx().desc(turn % 8, Ram.gpa(Attacker.TX_DATA + turn % 4096), turn % 3000, 0, 0);
    }
}
