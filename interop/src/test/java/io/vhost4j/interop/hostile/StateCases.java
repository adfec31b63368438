// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static io.vhost4j.interop.hostile.Reaction.BROKEN;
import static io.vhost4j.interop.hostile.Reaction.ENDED;
import static io.vhost4j.interop.hostile.Reaction.IGNORED;
import static io.vhost4j.interop.hostile.Reaction.REFUSED;
import static io.vhost4j.interop.hostile.Reaction.TAKEN;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.Payload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** The dirty log and the in-flight buffer. */
final class StateCases {
    private static final String LOG = "CVE-2020-10722, CVE-2026-86563: size and offset of the log";
    private static final String FLIGHT = "CVE-2021-3839, QEMU 3974, 3675: sizes of the in-flight buffer";

    private StateCases() {}

    static List<HostileCase> all() {
        return Stream.of(logs(), inflightSizes(), inflightContents())
                .flatMap(List::stream)
                .toList();
    }

    private static HostileCase log(String name, long size, long offset) {
        return HostileCase.of(
                name,
                LOG,
                Setup.MEMORY,
                a -> a.ask(
                        RequestCode.SET_LOG_BASE,
                        new Payload().u64(size).u64(offset).toBytes(),
                        a.ram().fd()),
                REFUSED,
                ENDED);
    }

    private static Setup logging() {
        return Setup.SPLIT.with(VirtioFeature.LOG_ALL);
    }

    private static List<HostileCase> logs() {
        return List.of(
                log("a log of 0 bytes", 0, 0),
                log("a log of 2^64 - 1 bytes", -1, 0),
                log("a log whose size and offset overflow", 4096, -4096),
                log("a log longer than its file", Ram.SIZE, 4096),
                HostileCase.of(
                        "a log of 8 bytes under traffic", LOG, logging(), a -> logged(a, 8, 4096), TAKEN, REFUSED),
                HostileCase.of(
                        "a log truncated under traffic",
                        "SIGBUS in the log",
                        logging(),
                        a -> {
                            try (OwnedFd file = MemFd.create("log", 1 << 20)) {
                                Reaction reaction = a.ask(
                                        RequestCode.SET_LOG_BASE,
                                        new Payload().u64(1 << 20).u64(0).toBytes(),
                                        file.fd());
                                FileCalls.ftruncate(file.fd(), 0);
                                int place = a.rx().next;
                                return reaction == ENDED ? reaction : a.rxAfterPings(place);
                            }
                        },
                        BROKEN),
                HostileCase.of(
                        "logged descriptors of zero length",
                        "CVE-2019-14835 (V-gHost)",
                        logging(),
                        a -> {
                            logged(a, 1 << 16, 0);
                            for (int i = 0; i < 128; i++) {
                                a.rx().add(Ram.gpa(0), 0, RawRing.WRITE);
                            }
                            Reaction seen = IGNORED;
                            for (int i = 0; i < 10; i++) {
                                seen = a.rxAfterPings(a.rx().next - 1);
                            }
                            return seen;
                        },
                        TAKEN,
                        IGNORED),
                HostileCase.of(
                        "the used ring logged at 2^64 - 8",
                        LOG,
                        logging(),
                        a -> {
                            logged(a, 1 << 16, 0);
                            byte[] addresses = a.addresses(a.tx());
                            byte[] wild = new Payload().u32(1).u32(1).toBytes();
                            System.arraycopy(wild, 0, addresses, 0, 8);
                            Arrays.fill(addresses, 32, 40, (byte) 0xFF);
                            addresses[32] = (byte) 0xF8;
                            Reaction reaction = a.ask(RequestCode.SET_VRING_ADDR, addresses);
                            int place = a.tx().next;
                            a.addPing();
                            return reaction == TAKEN ? a.txFrom(place) : reaction;
                        },
                        TAKEN,
                        REFUSED));
    }

    private static Reaction logged(Attacker a, long size, long offset) {
        try (OwnedFd file = MemFd.create("log", size + offset)) {
            Reaction reaction = a.ask(
                    RequestCode.SET_LOG_BASE,
                    new Payload().u64(size).u64(offset).toBytes(),
                    file.fd());
            int place = a.tx().next;
            for (int i = 0; i < 32; i++) {
                a.addPing();
            }
            Reaction seen = a.txFrom(place + 31);
            return reaction == TAKEN ? seen : reaction;
        }
    }

    private static HostileCase flight(String name, long size, long offset, int queues, int queueSize) {
        return HostileCase.of(
                name,
                FLIGHT,
                Setup.MEMORY,
                a -> a.ask(
                        RequestCode.SET_INFLIGHT_FD,
                        DescriptorCases.inflight(size, offset, queues, queueSize),
                        a.ram().fd()),
                REFUSED,
                ENDED);
    }

    private static HostileCase content(String name, boolean packed, int fill) {
        Setup setup = new Setup(Setup.Stage.MEMORY, packed, 0, 0);
        return HostileCase.of(
                name,
                "contents of the in-flight buffer are bounded",
                setup,
                a -> {
                    try (OwnedFd file = MemFd.create("inflight", 1 << 16)) {
                        write(file, fill);
                        Reaction reaction = a.ask(
                                RequestCode.SET_INFLIGHT_FD, DescriptorCases.inflight(1 << 16, 0, 2, 256), file.fd());
                        reaction = reaction == TAKEN ? a.ring(a.rx()) : reaction;
                        reaction = reaction == TAKEN ? a.ring(a.tx()) : reaction;
                        a.addPing();
                        return reaction == TAKEN ? a.txFrom(0) : reaction;
                    }
                },
                REFUSED,
                BROKEN,
                TAKEN,
                IGNORED,
                ENDED);
    }

    /** Fills a file with one byte, or with random numbers where the version field says that they are in use. */
    private static void write(OwnedFd file, int fill) {
        byte[] bytes = new byte[1 << 16];
        if (fill < 0) {
            new SplittableRandom(fill).nextBytes(bytes);
            for (int part = 0; part < bytes.length - 64; part += 64) {
                bytes[part + 8] = 1;
                bytes[part + 9] = 0;
                bytes[part + 10] = 0;
                bytes[part + 11] = 1;
            }
        } else {
            Arrays.fill(bytes, (byte) fill);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(bytes.length);
            MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
            FileCalls.pwrite(file.fd(), data, 0, bytes.length, 0);
        }
    }

    private static List<HostileCase> inflightSizes() {
        return List.of(
                flight("an in-flight buffer of 16 bytes", 16, 0, 2, 256),
                flight("an in-flight buffer for 65535 queues", 65536, 0, 65535, 256),
                flight("an in-flight buffer for rings of 65535", 65536, 0, 2, 65535),
                flight("an in-flight buffer for rings of 0", 65536, 0, 2, 0),
                flight("an in-flight buffer whose offset overflows", 65536, -4096, 2, 256),
                flight("an in-flight buffer longer than its file", Ram.SIZE, 4096, 2, 256),
                HostileCase.of(
                        "an in-flight buffer for 65535 rings of 65535 asked for",
                        "limits",
                        Setup.NEGOTIATED,
                        a -> a.ask(RequestCode.GET_INFLIGHT_FD, DescriptorCases.inflight(0, 0, 65535, 65535)),
                        REFUSED,
                        ENDED,
                        TAKEN),
                HostileCase.of(
                        "rings larger than the in-flight buffer's",
                        "CVE-2026-86565",
                        Setup.MEMORY,
                        a -> {
                            Reaction reaction = a.ask(
                                    RequestCode.SET_INFLIGHT_FD,
                                    DescriptorCases.inflight(4096, 0, 2, 16),
                                    a.ram().fd());
                            return reaction == TAKEN ? a.ring(a.tx()) : reaction;
                        },
                        REFUSED,
                        ENDED));
    }

    private static List<HostileCase> inflightContents() {
        return List.of(
                content("an in-flight buffer of ones", false, 0xFF),
                content("an in-flight buffer of rubbish", false, -1),
                content("packed: an in-flight buffer of ones", true, 0xFF),
                content("packed: an in-flight buffer of rubbish", true, -2),
                HostileCase.of(
                        "an in-flight buffer truncated under traffic",
                        "SIGBUS in the in-flight buffer",
                        Setup.MEMORY,
                        a -> {
                            try (OwnedFd file = MemFd.create("inflight", 1 << 16)) {
                                Reaction reaction = a.ask(
                                        RequestCode.SET_INFLIGHT_FD,
                                        DescriptorCases.inflight(1 << 16, 0, 2, 256),
                                        file.fd());
                                reaction = reaction == TAKEN ? a.ring(a.rx()) : reaction;
                                reaction = reaction == TAKEN ? a.ring(a.tx()) : reaction;
                                FileCalls.ftruncate(file.fd(), 0);
                                a.addPing();
                                return reaction == TAKEN ? a.txFrom(0) : reaction;
                            }
                        },
                        BROKEN),
                HostileCase.of(
                        "an in-flight buffer truncated before rings start",
                        "SIGBUS in the in-flight buffer",
                        Setup.MEMORY,
                        a -> {
                            try (OwnedFd file = MemFd.create("inflight", 1 << 16)) {
                                a.ask(
                                        RequestCode.SET_INFLIGHT_FD,
                                        DescriptorCases.inflight(1 << 16, 0, 2, 256),
                                        file.fd());
                                FileCalls.ftruncate(file.fd(), 0);
                                return a.ring(a.tx());
                            }
                        },
                        REFUSED,
                        ENDED,
                        BROKEN));
    }
}
