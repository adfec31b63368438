// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.Payload;
import io.vhost4j.fuzz.Input;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Messages by a small grammar: each is right, or wrong in one place, or no message at all. */
final class FuzzFrontend {
    private static final int RINGS = 5;
    private static final VirtioFeature[] CHOICES = {
        VirtioFeature.RING_PACKED,
        VirtioFeature.RING_INDIRECT_DESC,
        VirtioFeature.RING_EVENT_IDX,
        VirtioFeature.MRG_RXBUF,
        VirtioFeature.ACCESS_PLATFORM,
        VirtioFeature.LOG_ALL,
        VirtioFeature.PROTOCOL_FEATURES,
        VirtioFeature.IN_ORDER,
    };

    private final Input in;
    private final SessionFixture fixture;
    private final FuzzFiles files;

    FuzzFrontend(Input in, SessionFixture fixture, FuzzFiles files) {
        this.in = in;
        this.fixture = fixture;
        this.files = files;
    }

    void message() {
        switch (in.below(20)) {
            case 0 -> anything();
            case 1 -> someRequest();
            case 2 -> features();
            case 3 -> send(RequestCode.SET_PROTOCOL_FEATURES, Payload.number(protocolFeatures()));
            case 4 -> wholeDevice();
            case 5 -> memTable();
            case 6 -> send(RequestCode.ADD_MEM_REG, region(), files.memory());
            case 7 -> send(RequestCode.REM_MEM_REG, region());
            case 8 -> ring(in.below(RINGS));
            case 9 -> state(RequestCode.SET_VRING_ENABLE, in.below(3));
            case 10 -> state(RequestCode.GET_VRING_BASE, 0);
            case 11 -> state(RequestCode.SET_VRING_BASE, in.flag() ? in.u32() : 0);
            case 12 -> descriptor(RequestCode.SET_VRING_CALL);
            case 13 -> descriptor(RequestCode.SET_VRING_ERR);
            case 14 -> descriptor(RequestCode.SET_VRING_KICK);
            case 15 -> log();
            case 16 -> inflight();
            case 17 -> iotlb();
            case 18 -> send(RequestCode.SET_BACKEND_REQ_FD, new byte[0], files.any(in));
            default -> number();
        }
    }

    private void send(RequestCode code, byte[] payload, int... fds) {
        int flags = 1 | (in.u8() & 1) << 3;
        fixture.frontend.sendRaw(FakeFrontend.header(code.code(), flags, payload.length), payload, fds);
    }

    private void anything() {
        int[] fds = new int[in.below(4)];
        for (int i = 0; i < fds.length; i++) {
            fds[i] = files.any(in);
        }
        byte[] bytes = in.take(1 + in.below(64));
        fixture.frontend.sendBytes(bytes, 0, bytes.length, fds);
    }

    private void someRequest() {
        RequestCode code = RequestCode.values()[in.below(RequestCode.values().length)];
        byte[] payload = in.take((int) in.pick(0, 8, 8, 20, 24, 32, 40, in.u8()));
        if (in.flag()) {
            send(code, payload, files.any(in));
        } else {
            send(code, payload);
        }
    }

    private void features() {
        int choice = in.u8();
        long word = VirtioFeature.VERSION_1.mask();
        for (int i = 0; i < CHOICES.length; i++) {
            word |= (choice >>> i & 1) != 0 ? CHOICES[i].mask() : 0;
        }
        send(RequestCode.SET_FEATURES, Payload.number(in.below(8) == 7 ? in.u64() : word));
    }

    private long protocolFeatures() {
        long all = OfferedFeatures.PROTOCOL_SUPPORTED & ~ProtocolFeature.PAGEFAULT.mask();
        return in.flag() ? all : all & in.u32();
    }

    /** The usual messages up to the first burst. */
    private void wholeDevice() {
        send(RequestCode.SET_OWNER, new byte[0]);
        send(RequestCode.SET_PROTOCOL_FEATURES, Payload.number(protocolFeatures()));
        features();
        send(RequestCode.SET_MEM_TABLE, fixture.guest.table(), files.memory());
        for (int queue = 0; queue < 2; queue++) {
            ring(queue);
        }
    }

    private void memTable() {
        if (in.flag()) {
            send(RequestCode.SET_MEM_TABLE, fixture.guest.table(), files.memory());
            return;
        }
        int count = in.below(10);
        Payload payload = new Payload().u32(count).u32(0);
        int[] fds = new int[count];
        long gpa = FrontendMemory.GPA;
        long user = FrontendMemory.USER;
        for (int i = 0; i < count; i++) {
            long size = in.pick(0x1000, 0x800, 0x8_0000, 0x10_0000, in.u32());
            payload.u64(gpa).u64(size).u64(user).u64(in.pick(0, 0x800, 0x1000, 0xF_F000, in.u64()));
            gpa += in.flag() ? size : in.u32();
            user += in.flag() ? size : in.u32();
            fds[i] = in.below(4) == 3 ? files.any(in) : files.memory();
        }
        send(RequestCode.SET_MEM_TABLE, payload.toBytes(), fds);
    }

    private byte[] region() {
        if (in.flag()) {
            return fixture.guest.region();
        }
        long offset = (long) in.below(16) << 16;
        long shift = in.below(4) == 3 ? in.u64() : 0;
        return Payload.region(
                FrontendMemory.GPA + offset + shift,
                in.pick(0x1_0000, 0x1000, in.u32()),
                FrontendMemory.USER + offset,
                offset);
    }

    private void ring(int queue) {
        int size = (int) in.pick(256, 256, 64, 1, 2, 32768, in.u16());
        send(RequestCode.SET_VRING_NUM, Payload.state(queue, size));
        send(RequestCode.SET_VRING_BASE, Payload.state(queue, in.below(4) == 3 ? in.u32() : 0));
        int wrong = in.u8();
        int distance = wrong < 240 ? 0 : in.u16() - 0x8000;
        send(
                RequestCode.SET_VRING_ADDR,
                Payload.addresses(
                        queue,
                        wrong & 1,
                        fixture.guest.desc(queue) + ((wrong & 2) != 0 ? distance : 0),
                        fixture.guest.used(queue) + ((wrong & 4) != 0 ? distance : 0),
                        fixture.guest.avail(queue) + ((wrong & 8) != 0 ? distance : 0)));
        send(RequestCode.SET_VRING_KICK, Payload.number(queue), files.event());
        send(RequestCode.SET_VRING_ENABLE, Payload.state(queue, 1));
    }

    private void state(RequestCode code, long number) {
        send(code, Payload.state(in.below(RINGS), number));
    }

    private void descriptor(RequestCode code) {
        int queue = in.below(RINGS);
        if (in.below(4) == 3) {
            send(code, Payload.number(queue | 0x100));
        } else {
            send(code, Payload.number(queue), in.flag() ? files.event() : files.any(in));
        }
    }

    private void log() {
        if (in.below(4) == 3) {
            send(RequestCode.SET_LOG_FD, new byte[0], in.flag() ? files.event() : files.any(in));
            return;
        }
        long size = in.pick(0x1000, 64, 0x2000, in.u64());
        byte[] payload = new Payload().u64(size).u64(in.pick(0, 0, 8, in.u64())).toBytes();
        send(RequestCode.SET_LOG_BASE, payload, in.flag() ? files.received() : files.any(in));
    }

    private void inflight() {
        long size = in.pick(0, 0x1_0000, 0x1000, in.u64());
        byte[] payload = new Payload()
                .u64(size)
                .u64(in.pick(0, 0, 8, in.u64()))
                .u32(in.below(5) | (int) in.pick(256, 256, 64, 1, in.u16()) << 16)
                .toBytes();
        if (in.flag()) {
            send(RequestCode.GET_INFLIGHT_FD, payload);
        } else {
            send(RequestCode.SET_INFLIGHT_FD, payload, in.flag() ? files.received() : files.any(in));
        }
    }

    /** Translations that leave addresses as they are, and others. */
    private void iotlb() {
        int kind = in.u8();
        long offset = (long) in.below(16) << 16;
        long iova = (kind & 3) == 3 ? in.u64() : ((kind & 4) != 0 ? FrontendMemory.GPA : FrontendMemory.USER) + offset;
        long size = (kind & 8) != 0 ? in.u64() : 0x1_0000L << (kind >>> 6);
        byte[] payload = new Payload()
                .u64(iova)
                .u64(size)
                .u64(FrontendMemory.USER + ((kind & 3) == 3 ? in.u64() : offset))
                .u64((kind & 48) >>> 4 | (long) (int) in.pick(2, 2, 3, in.u8()) << 8)
                .toBytes();
        send(RequestCode.IOTLB_MSG, payload);
    }

    private void number() {
        RequestCode[] codes = {
            RequestCode.SET_STATUS,
            RequestCode.SEND_RARP,
            RequestCode.NET_SET_MTU,
            RequestCode.SET_FEATURES,
            RequestCode.RESET_DEVICE,
            RequestCode.RESET_OWNER,
            RequestCode.GET_STATUS,
            RequestCode.GET_MAX_MEM_SLOTS,
        };
        RequestCode code = codes[in.below(codes.length)];
        boolean empty = code.ordinal() >= RequestCode.RESET_DEVICE.ordinal() && code != RequestCode.SET_STATUS
                || code == RequestCode.RESET_OWNER;
        send(code, empty ? new byte[0] : Payload.number(in.pick(0, 15, in.u64())));
    }

    /** Takes the replies; a descriptor among them is kept. */
    void drain() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment replies = arena.allocate(8192, 8);
            while (receive(replies) > 0) {
                // until there are none
            }
        }
    }

    private long receive(MemorySegment into) {
        try (FdBag bag = new FdBag()) {
            long got = fixture.frontend.socket().receive(into, 0, into.byteSize(), bag);
            if (bag.size() > 0) {
                files.keep(bag.take(0));
            }
            return got;
        } catch (NativeException e) {
            if (e.errno() == Errno.ECONNRESET) {
                return 0;
            }
            throw e;
        }
    }
}
