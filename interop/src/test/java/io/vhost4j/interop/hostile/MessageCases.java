// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.ENDED;
import static io.vhost4j.interop.hostile.Reaction.IGNORED;
import static io.vhost4j.interop.hostile.Reaction.REFUSED;
import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.Payload;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Messages whose form or numbers are wrong. */
final class MessageCases {
    private static final String FORM = "QEMU 4403: wrong form of a message";
    private static final String CRYPTO = "CVE-2020-10724, CVE-2020-14374 to 14378, CVE-2023-3180: key lengths";
    private static final long ALL = -1;

    private MessageCases() {}

    static List<HostileCase> all() {
        return Stream.concat(forms().stream(), numbers().stream()).toList();
    }

    private static List<HostileCase> forms() {
        int features = RequestCode.GET_FEATURES.code();
        int set = RequestCode.SET_FEATURES.code();
        return List.of(
                raw("version 0", Wire.header(features, 0, 0)),
                raw("version 3", Wire.header(features, 3, 0)),
                raw("a request marked as a reply", Wire.header(features, Wire.VERSION | Wire.REPLY, 0)),
                raw("a size of 4 GiB - 1", Wire.header(set, Wire.VERSION, -1)),
                raw("a size of 2 GiB", Wire.header(set, Wire.VERSION, Integer.MIN_VALUE)),
                raw("a payload of 5000 bytes", Wire.message(set, Wire.VERSION, new byte[5000])),
                raw("a payload that is too short", Wire.message(set, Wire.VERSION, new byte[4])),
                raw(
                        "a payload that is too long",
                        Wire.message(RequestCode.SET_VRING_NUM.code(), Wire.VERSION, new byte[16])),
                raw("garbage", garbage()),
                HostileCase.of(
                        "unknown requests, acknowledged",
                        FORM,
                        Setup.NEGOTIATED,
                        a -> {
                            Reaction reaction = REFUSED;
                            for (int request : new int[] {0, 46, 255, 1 << 16, -1}) {
                                reaction = reaction == REFUSED ? a.ask(request, new byte[8]) : reaction;
                            }
                            return reaction;
                        },
                        REFUSED),
                HostileCase.of(
                        "an unknown request without acknowledgement",
                        FORM,
                        Setup.NEGOTIATED,
                        a -> a.raw(Wire.header(46, Wire.VERSION, 0)),
                        ENDED,
                        IGNORED),
                HostileCase.of(
                        "a table that says 8 regions and has one",
                        "CVE-2026-86561: lengths are compared",
                        Setup.NEGOTIATED,
                        a -> {
                            byte[] table = Attacker.table(new long[] {Ram.GPA, Ram.SIZE, Ram.USER, 0});
                            table[0] = 8;
                            return a.ask(
                                    RequestCode.SET_MEM_TABLE, table, a.ram().fd());
                        },
                        ENDED,
                        REFUSED),
                HostileCase.of(
                        "tables of 9, 255 and 2^32 - 1 regions",
                        "more regions than fit",
                        Setup.NEGOTIATED,
                        a -> {
                            Reaction reaction = ENDED;
                            for (long count : new long[] {9, 255, 0xFFFF_FFFFL}) {
                                byte[] table = new Payload()
                                        .u32(count)
                                        .u32(0)
                                        .zeros(8 * 32)
                                        .toBytes();
                                reaction = a.ask(
                                        RequestCode.SET_MEM_TABLE,
                                        table,
                                        a.ram().fd());
                                if (reaction != ENDED) {
                                    break;
                                }
                                a.reconnect();
                            }
                            return reaction;
                        },
                        ENDED,
                        REFUSED));
    }

    private static HostileCase raw(String name, byte[] bytes) {
        return HostileCase.of(name, FORM, Setup.NEGOTIATED, a -> a.raw(bytes), ENDED);
    }

    private static byte[] garbage() {
        byte[] bytes = new byte[65536];
        new SplittableRandom(7).nextBytes(bytes);
        return bytes;
    }

    private static List<HostileCase> numbers() {
        return List.of(
                request("all virtio features", RequestCode.SET_FEATURES, Payload.number(ALL), REFUSED),
                request("all protocol features", RequestCode.SET_PROTOCOL_FEATURES, Payload.number(ALL), REFUSED),
                request("an MTU of 0", RequestCode.NET_SET_MTU, Payload.number(0), REFUSED),
                request("an MTU of 2^64 - 1", RequestCode.NET_SET_MTU, Payload.number(ALL), REFUSED),
                request("a status of 2^64 - 1", RequestCode.SET_STATUS, Payload.number(ALL), REFUSED),
                HostileCase.of(
                        "other features while rings run",
                        "feature changes under load",
                        Setup.SPLIT,
                        a -> a.ask(RequestCode.SET_FEATURES, Payload.number(0)),
                        REFUSED),
                request(
                        "configuration beyond its end",
                        RequestCode.GET_CONFIG,
                        new Payload().u32(ALL).u32(256).u32(0).zeros(256).toBytes(),
                        TAKEN,
                        REFUSED),
                request(
                        "a configuration of 2^32 - 1 bytes",
                        RequestCode.SET_CONFIG,
                        new Payload().u32(ALL).u32(ALL).u32(ALL).zeros(16).toBytes(),
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "crypto session with keys of 4 GiB",
                        CRYPTO,
                        Setup.NEGOTIATED,
                        a -> a.ask(RequestCode.CREATE_CRYPTO_SESSION, filled(1072)),
                        REFUSED),
                HostileCase.of(
                        "crypto session, layout of old front-ends",
                        CRYPTO,
                        Setup.NEGOTIATED,
                        a -> a.ask(RequestCode.CREATE_CRYPTO_SESSION, filled(632)),
                        REFUSED),
                HostileCase.of(
                        "closing crypto sessions that never were",
                        "CVE-2026-86845: stale session",
                        Setup.NEGOTIATED,
                        a -> a.ask(RequestCode.CLOSE_CRYPTO_SESSION, Payload.number(ALL)),
                        REFUSED),
                HostileCase.of(
                        "RARP, 1000 times",
                        "unbounded allocation (CVE-2016-5403)",
                        Setup.SPLIT,
                        a -> repeat(a, 1000, RequestCode.SEND_RARP, Payload.number(ALL)),
                        TAKEN),
                HostileCase.of(
                        "resets under traffic",
                        "state machine in error recovery (CVE-2022-28199)",
                        Setup.SPLIT,
                        MessageCases::resets,
                        TAKEN,
                        REFUSED));
    }

    private static Reaction resets(Attacker a) {
        Reaction reaction = TAKEN;
        for (int i = 0; i < 20 && (reaction == TAKEN || reaction == REFUSED); i++) {
            a.addPing();
            reaction = a.ask(i % 2 == 0 ? RequestCode.RESET_DEVICE : RequestCode.RESET_OWNER, new byte[0]);
        }
        return reaction;
    }

    static Reaction repeat(Attacker a, int times, RequestCode code, byte[] payload) {
        Reaction reaction = TAKEN;
        for (int i = 0; i < times && reaction == TAKEN; i++) {
            reaction = a.ask(code, payload);
        }
        return reaction;
    }

    private static HostileCase request(
            String name, RequestCode code, byte[] payload, Reaction first, Reaction... others) {
        return HostileCase.of(name, "numbers out of range", Setup.NEGOTIATED, a -> a.ask(code, payload), first, others);
    }

    private static byte[] filled(int bytes) {
        byte[] all = new byte[bytes];
        Arrays.fill(all, (byte) 0xFF);
        return all;
    }
}
