// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.BROKEN;
import static io.vhost4j.interop.hostile.Reaction.ENDED;
import static io.vhost4j.interop.hostile.Reaction.IGNORED;
import static io.vhost4j.interop.hostile.Reaction.REFUSED;
import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.Payload;
import java.util.List;
import java.util.stream.Stream;

/** Rings that are set up wrongly, in the wrong order, or under way. */
final class RingSetupCases {
    private static final String INDEX =
            "CVE-2020-10723: the whole index is compared; CVE-2026-86856: arrays have an end";
    private static final String SIZE = "ring sizes out of range";
    private static final String PLACE = "rings outside memory";
    private static final String ORDER = "order of messages";
    private static final int BAD_INDEX = 200;

    private RingSetupCases() {}

    static List<HostileCase> all() {
        return Stream.of(indices(), sizes(), places(), outOfOrder(), underWay())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> indices() {
        return List.of(
                index(RequestCode.SET_VRING_NUM, Payload.state(BAD_INDEX, 256)),
                index(RequestCode.SET_VRING_BASE, Payload.state(BAD_INDEX, 0)),
                index(RequestCode.SET_VRING_ENABLE, Payload.state(BAD_INDEX, 1)),
                index(RequestCode.SET_VRING_ADDR, Payload.addresses(BAD_INDEX, 0, Ram.USER, Ram.USER, Ram.USER)),
                HostileCase.of(
                        "GET_VRING_BASE of ring 2^32 - 1",
                        INDEX,
                        Setup.MEMORY,
                        a -> a.ask(RequestCode.GET_VRING_BASE, Payload.state(-1, 0)),
                        ENDED,
                        REFUSED),
                HostileCase.of(
                        "kick, call and error of ring 200",
                        INDEX,
                        Setup.MEMORY,
                        a -> {
                            RequestCode[] codes = {
                                RequestCode.SET_VRING_KICK, RequestCode.SET_VRING_CALL, RequestCode.SET_VRING_ERR
                            };
                            Reaction reaction = REFUSED;
                            for (RequestCode code : codes) {
                                reaction = a.ask(
                                        code,
                                        Payload.number(BAD_INDEX),
                                        a.kick(0).fd());
                                if (reaction == ENDED) {
                                    a.reconnect();
                                }
                            }
                            return reaction;
                        },
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "indices that are right in their low bits only",
                        INDEX,
                        Setup.MEMORY,
                        a -> {
                            Reaction reaction = REFUSED;
                            for (long index : new long[] {0x100, 0x1_0000, 0x8000_0000L}) {
                                Reaction seen = a.ask(RequestCode.SET_VRING_NUM, Payload.state(index, 256));
                                reaction = seen == TAKEN ? TAKEN : reaction;
                                if (seen == ENDED) {
                                    a.reconnect();
                                }
                            }
                            return reaction;
                        },
                        REFUSED),
                HostileCase.of(
                        "a kick with bits that do not exist",
                        INDEX,
                        Setup.MEMORY,
                        a -> a.ask(
                                RequestCode.SET_VRING_KICK,
                                Payload.number(0x1_0000_0000L),
                                a.kick(0).fd()),
                        ENDED,
                        REFUSED));
    }

    private static HostileCase index(RequestCode code, byte[] payload) {
        return HostileCase.of(code + " of ring 200", INDEX, Setup.MEMORY, a -> a.ask(code, payload), REFUSED, ENDED);
    }

    private static List<HostileCase> sizes() {
        return List.of(
                size("a ring of 0", 0),
                size("a ring of 65536", 65536),
                size("a ring of 2^32 - 1", -1),
                HostileCase.of(
                        "a split ring of 100",
                        SIZE,
                        Setup.MEMORY,
                        a -> a.ring(new RawRing(a.ram(), 0, 100, false)),
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "another size while the ring runs",
                        SIZE + "; CVE-2026-86565",
                        Setup.SPLIT,
                        a -> a.ask(RequestCode.SET_VRING_NUM, Payload.state(1, 1024)),
                        REFUSED,
                        ENDED),
                HostileCase.of(
                        "a position of 2^32 - 1",
                        SIZE,
                        Setup.SPLIT,
                        a -> a.ask(RequestCode.SET_VRING_BASE, Payload.state(1, -1)),
                        REFUSED,
                        TAKEN),
                HostileCase.of(
                        "a packed position outside the ring",
                        SIZE,
                        Setup.PACKED,
                        a -> a.ask(RequestCode.SET_VRING_BASE, Payload.state(1, 0x7FFF_7FFFL)),
                        REFUSED,
                        TAKEN),
                HostileCase.of(
                        "positions behind and ahead under traffic",
                        SIZE,
                        Setup.SPLIT,
                        a -> {
                            Reaction reaction = TAKEN;
                            for (int base : new int[] {0xFFFF, 0x8000, 1, 300}) {
                                a.addPing();
                                Reaction seen = a.ask(RequestCode.SET_VRING_BASE, Payload.state(1, base));
                                reaction = a.isBroken() ? BROKEN : seen;
                            }
                            return reaction == TAKEN ? a.txFrom(a.tx().next + 1) : reaction;
                        },
                        BROKEN,
                        TAKEN,
                        REFUSED,
                        IGNORED));
    }

    private static HostileCase size(String name, long size) {
        return HostileCase.of(
                name,
                SIZE,
                Setup.MEMORY,
                a -> a.ask(RequestCode.SET_VRING_NUM, Payload.state(0, size)),
                REFUSED,
                ENDED);
    }

    private static List<HostileCase> places() {
        return List.of(
                place("rings outside memory", 0x1000, 0x2000, 0x3000),
                place("rings at the end of the address space", -4096, -8192, -4096 * 3),
                place(
                        "a ring across the end of memory",
                        Ram.user(Ram.SIZE - 64),
                        Ram.user(0x8_0000),
                        Ram.user(0x9_0000)),
                place(
                        "available part across the end of memory",
                        Ram.user(0),
                        Ram.user(0x8_0000),
                        Ram.user(Ram.SIZE - 16)),
                place("used part across the end of memory", Ram.user(0), Ram.user(Ram.SIZE - 16), Ram.user(0x8_0000)),
                place("rings that are not aligned", Ram.user(1), Ram.user(0x8_0001), Ram.user(0x9_0001)),
                HostileCase.of(
                        "all three parts at one place",
                        PLACE,
                        Setup.SPLIT,
                        a -> {
                            a.addPing();
                            byte[] same =
                                    Payload.addresses(1, 0, Ram.user(0x4_0000), Ram.user(0x4_0000), Ram.user(0x4_0000));
                            Reaction reaction = a.ask(RequestCode.SET_VRING_ADDR, same);
                            a.tx().publish(0x4242);
                            return a.isBroken() ? BROKEN : reaction;
                        },
                        TAKEN,
                        BROKEN),
                HostileCase.of(
                        "a running ring moved outside memory",
                        PLACE,
                        Setup.SPLIT,
                        a -> {
                            a.addPing();
                            Reaction reaction =
                                    a.ask(RequestCode.SET_VRING_ADDR, Payload.addresses(1, 0, 0x1000, 0x2000, 0x3000));
                            return a.isBroken() ? BROKEN : reaction;
                        },
                        REFUSED,
                        BROKEN),
                HostileCase.of(
                        "flags that do not exist",
                        PLACE,
                        Setup.SPLIT,
                        a -> a.ask(
                                RequestCode.SET_VRING_ADDR,
                                Payload.addresses(
                                        1, 0xFFFF_FFFEL, Ram.user(0), Ram.user(0x1_0000), Ram.user(0x2_0000))),
                        ENDED,
                        REFUSED));
    }

    private static HostileCase place(String name, long desc, long used, long avail) {
        return HostileCase.of(
                name,
                PLACE,
                Setup.MEMORY,
                a -> {
                    a.ask(RequestCode.SET_VRING_NUM, Payload.state(0, 256));
                    Reaction reaction = a.ask(RequestCode.SET_VRING_ADDR, Payload.addresses(0, 0, desc, used, avail));
                    if (reaction == TAKEN) {
                        reaction = a.ask(
                                RequestCode.SET_VRING_KICK,
                                Payload.number(0),
                                a.kick(0).fd());
                    }
                    // a ring may wait for memory that is still to come
                    return reaction == TAKEN ? IGNORED : reaction;
                },
                REFUSED,
                ENDED,
                IGNORED);
    }

    private static List<HostileCase> outOfOrder() {
        return List.of(
                HostileCase.of(
                        "rings before features and memory",
                        ORDER,
                        Setup.CONNECTED,
                        a -> {
                            a.wire().send(RequestCode.SET_VRING_NUM, Payload.state(0, 256));
                            a.wire().send(RequestCode.SET_VRING_ADDR, a.addresses(a.rx()));
                            a.wire()
                                    .send(
                                            RequestCode.SET_VRING_KICK,
                                            Payload.number(0),
                                            a.kick(0).fd());
                            a.wire().send(RequestCode.SET_VRING_ENABLE, Payload.state(0, 1));
                            return a.afterwards();
                        },
                        IGNORED,
                        ENDED),
                HostileCase.of(
                        "a position asked for before anything",
                        ORDER,
                        Setup.CONNECTED,
                        a -> {
                            a.wire().send(RequestCode.GET_VRING_BASE, Payload.state(0, 0));
                            return a.wire().receive() == null ? a.afterwards() : TAKEN;
                        },
                        TAKEN,
                        ENDED),
                HostileCase.of(
                        "in-flight buffer before features",
                        ORDER,
                        Setup.CONNECTED,
                        a -> {
                            a.wire()
                                    .send(
                                            RequestCode.SET_INFLIGHT_FD,
                                            DescriptorCases.inflight(65536, 0, 2, 256),
                                            a.ram().fd());
                            return a.afterwards();
                        },
                        ENDED,
                        IGNORED),
                HostileCase.of(
                        "post-copy messages in the wrong order",
                        ORDER,
                        Setup.SPLIT,
                        a -> {
                            Reaction reaction = a.ask(RequestCode.POSTCOPY_LISTEN, new byte[0]);
                            return reaction == ENDED ? reaction : a.ask(RequestCode.POSTCOPY_END, new byte[0]);
                        },
                        REFUSED,
                        ENDED,
                        TAKEN));
    }

    private static List<HostileCase> underWay() {
        return List.of(
                HostileCase.of(
                        "a broken ring stopped and started, 10 times",
                        "CVE-2022-28199: recovery from errors",
                        Setup.SPLIT,
                        a -> {
                            Reaction reaction = TAKEN;
                            for (int i = 0; i < 10 && reaction == TAKEN; i++) {
                                a.tx().publish(a.tx().next + 5000);
                                a.awaitRing(a.tx(), () -> false);
                                Reaction stop = a.ask(RequestCode.GET_VRING_BASE, Payload.state(1, 0));
                                a.tx().next = a.tx().usedIdx();
                                a.tx().publish();
                                reaction = stop == TAKEN ? a.ring(a.tx()) : stop;
                                int place = a.tx().next;
                                a.addPing();
                                Reaction good = a.txFrom(place);
                                reaction = good == TAKEN ? reaction : good;
                            }
                            return reaction;
                        },
                        TAKEN),
                HostileCase.of(
                        "rings enabled and disabled under traffic",
                        ORDER,
                        Setup.SPLIT,
                        a -> {
                            Reaction reaction = TAKEN;
                            for (int i = 0; i < 300 && reaction == TAKEN; i++) {
                                a.addPing();
                                reaction = a.ask(RequestCode.SET_VRING_ENABLE, Payload.state(i / 2 % 2, i % 2));
                            }
                            return reaction;
                        },
                        TAKEN),
                HostileCase.of(
                        "enabled with 2^32 - 1",
                        ORDER,
                        Setup.SPLIT,
                        a -> a.ask(RequestCode.SET_VRING_ENABLE, Payload.state(0, -1)),
                        REFUSED,
                        TAKEN),
                HostileCase.of(
                        "a storm of kicks",
                        ORDER,
                        Setup.SPLIT,
                        a -> {
                            for (int i = 0; i < 20_000; i++) {
                                a.kick(i % 2).signal();
                            }
                            int place = a.tx().next;
                            a.addPing();
                            return a.txFrom(place);
                        },
                        TAKEN));
    }
}
