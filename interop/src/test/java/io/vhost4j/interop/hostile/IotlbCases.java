// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.ENDED;
import static io.vhost4j.interop.hostile.Reaction.IGNORED;
import static io.vhost4j.interop.hostile.Reaction.REFUSED;
import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.Payload;
import java.util.List;
import java.util.stream.Stream;

/** Translations that are wrong, are taken away under traffic, or come in masses. */
final class IotlbCases {
    private static final String RANGE = "IOTLB messages out of range";
    private static final String TLB = "CVE-2026-86567: rings forget invalidated addresses";
    private static final int UPDATE = 2;
    private static final int INVALIDATE = 3;
    private static final int RW = 3;

    private IotlbCases() {}

    static List<HostileCase> all() {
        return Stream.of(messages(), invalidations(), floods())
                .flatMap(List::stream)
                .toList();
    }

    private static byte[] tlb(long iova, long size, long user, int permission, int type) {
        byte[] tail = {(byte) permission, (byte) type, 0, 0, 0, 0, 0, 0};
        return Wire.join(new Payload().u64(iova).u64(size).u64(user).toBytes(), tail);
    }

    private static Setup iommu(Setup.Stage stage) {
        return new Setup(stage, false, VirtioFeature.ACCESS_PLATFORM.mask(), 0);
    }

    private static HostileCase update(String name, byte[] message) {
        return HostileCase.of(
                name, RANGE, iommu(Setup.Stage.MEMORY), a -> a.ask(RequestCode.IOTLB_MSG, message), REFUSED, ENDED);
    }

    /** Maps all memory one to one with the front-end's addresses, so that ring addresses are their own translations. */
    private static Reaction mapAll(Attacker a) {
        Reaction rings = a.ask(RequestCode.IOTLB_MSG, tlb(Ram.USER, Ram.SIZE, Ram.USER, RW, UPDATE));
        Reaction data = a.ask(RequestCode.IOTLB_MSG, tlb(Ram.GPA, Ram.SIZE, Ram.USER, RW, UPDATE));
        return rings == TAKEN ? data : rings;
    }

    private static Reaction start(Attacker a) {
        Reaction reaction = mapAll(a);
        reaction = reaction == TAKEN ? a.ring(a.rx()) : reaction;
        return reaction == TAKEN ? a.ring(a.tx()) : reaction;
    }

    private static List<HostileCase> messages() {
        return List.of(
                update("IOTLB: an update of 0 bytes", tlb(0x1000, 0, Ram.USER, RW, UPDATE)),
                update("IOTLB: an update that overflows", tlb(-4096, 8192, Ram.USER, RW, UPDATE)),
                update("IOTLB: an unknown type", tlb(0x1000, 4096, Ram.USER, RW, 99)),
                HostileCase.of(
                        "IOTLB: an update to memory that is not there",
                        RANGE,
                        iommu(Setup.Stage.MEMORY),
                        a -> a.ask(RequestCode.IOTLB_MSG, tlb(0x1000, 4096, 0x1000, RW, UPDATE)),
                        REFUSED,
                        TAKEN,
                        ENDED));
    }

    private static List<HostileCase> invalidations() {
        return List.of(
                HostileCase.of(
                        "IOTLB: everything invalidated under traffic",
                        TLB,
                        iommu(Setup.Stage.MEMORY),
                        a -> {
                            Reaction reaction = start(a);
                            a.addPing();
                            return reaction == TAKEN
                                    ? a.ask(RequestCode.IOTLB_MSG, tlb(0, -1, 0, 0, INVALIDATE))
                                    : reaction;
                        },
                        TAKEN),
                HostileCase.of(
                        "IOTLB: invalidated, then the memory truncated",
                        TLB,
                        iommu(Setup.Stage.MEMORY),
                        a -> {
                            Reaction reaction = start(a);
                            a.ask(RequestCode.IOTLB_MSG, tlb(0, -1, 0, 0, INVALIDATE));
                            a.ram().resize(0);
                            return reaction == TAKEN ? a.afterwards() : reaction;
                        },
                        IGNORED),
                HostileCase.of(
                        "IOTLB: 1000 invalidations and updates under traffic",
                        TLB,
                        iommu(Setup.Stage.MEMORY),
                        a -> {
                            Reaction reaction = start(a);
                            for (int i = 0; i < 1000 && reaction == TAKEN; i++) {
                                a.addPing();
                                reaction = a.ask(RequestCode.IOTLB_MSG, tlb(0, -1, 0, 0, INVALIDATE));
                                reaction = reaction == TAKEN ? mapAll(a) : reaction;
                            }
                            return reaction;
                        },
                        TAKEN));
    }

    private static List<HostileCase> floods() {
        return List.of(
                HostileCase.of(
                        "IOTLB: 50000 updates of one byte",
                        "CVE-2016-5403: unbounded allocation",
                        iommu(Setup.Stage.MEMORY),
                        a -> {
                            Reaction reaction = TAKEN;
                            for (int i = 0; i < 50_000 && reaction == TAKEN; i++) {
                                reaction =
                                        a.ask(RequestCode.IOTLB_MSG, tlb(0x1_0000L + i * 2L, 1, Ram.USER, RW, UPDATE));
                            }
                            return reaction;
                        },
                        TAKEN,
                        REFUSED),
                HostileCase.of(
                        "IOTLB: misses that nobody reads",
                        "the back-end never waits for its channel",
                        iommu(Setup.Stage.MEMORY),
                        a -> {
                            UnixSocket.Pair pair = a.closeLater(UnixSocket.pair());
                            a.ask(
                                    RequestCode.SET_BACKEND_REQ_FD,
                                    new byte[0],
                                    pair.first().fd());
                            Reaction reaction = start(a);
                            for (int i = 0; i < 3000 && reaction == TAKEN; i++) {
                                a.tx().add((0x100L + i) << 32, 100, 0);
                                reaction = a.ask(
                                        RequestCode.IOTLB_MSG, tlb((0x100L + i) << 32, 4096, Ram.USER, RW, UPDATE));
                            }
                            return reaction == TAKEN ? a.afterwards() : reaction;
                        },
                        IGNORED,
                        ENDED,
                        REFUSED));
    }
}
