// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import static io.vhost4j.core.protocol.RequestCode.ADD_MEM_REG;
import static io.vhost4j.core.protocol.RequestCode.GET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.GET_INFLIGHT_FD;
import static io.vhost4j.core.protocol.RequestCode.GET_PROTOCOL_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.GET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.REM_MEM_REG;
import static io.vhost4j.core.protocol.RequestCode.SET_BACKEND_REQ_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_DEVICE_STATE_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_INFLIGHT_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_LOG_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_LOG_FD;
import static io.vhost4j.core.protocol.RequestCode.SET_MEM_TABLE;
import static io.vhost4j.core.protocol.RequestCode.SET_OWNER;
import static io.vhost4j.core.protocol.RequestCode.SET_PROTOCOL_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ADDR;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_CALL;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ENABLE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ERR;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_KICK;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_NUM;

import io.vhost4j.VhostDevice;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.Payload;
import io.vhost4j.packet.Packet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What one front-end does from its connection to its end: it negotiates, shares memory, starts two rings, moves packets both ways, has
 * writes logged, adds and removes memory, and stops. It goes as far as it gets.
 */
final class FaultScenario implements AutoCloseable {
    /** The peer refused a request, or ended the connection. */
    static final class Ended extends Exception {
        private static final long serialVersionUID = 1L;

        Ended(String why, @Nullable Throwable cause) {
            super(why, cause);
        }
    }

    private static final int TIMEOUT_MILLIS = 10_000;
    private static final byte[] NOTHING = {};
    private static final int SIZE = 16;
    private static final int BUFFER = 2048;
    private static final long DATA = 0x3_0000;
    private static final int WRITE = 2;
    private static final long EXTRA_GPA = 0x1000_0000L;

    private final FakeFrontend frontend;
    private final Supplier<VhostDevice> device;
    private final FaultPlan plan;
    private final FrontendMemory guest = new FrontendMemory(1 << 20);
    private final OwnedFd extra = MemFd.create("extra", 0x1_0000);
    private final OwnedFd log = MemFd.create("log", 0x1000);
    private final EventFd event = EventFd.create();
    private final UnixSocket.Pair channel = UnixSocket.pair();
    private final Arena arena = Arena.ofConfined();
    private @Nullable OwnedFd inflight;
    private int offered;

    /** A front-end on a connected socket, which it closes. */
    FaultScenario(UnixSocket socket, Supplier<VhostDevice> device, FaultPlan plan) {
        frontend = new FakeFrontend(socket, () -> {});
        this.device = device;
        this.plan = plan;
    }

    /** All of it. */
    void run(BufferPool pool) throws Ended {
        try {
            negotiate();
            startRings();
            traffic(pool);
            migrate();
            traffic(pool);
            changeMemory();
            traffic(pool);
            stop();
        } catch (NativeException e) {
            throw new Ended("sending", e);
        }
    }

    private void ack(RequestCode code, byte[] payload, int... fds) throws Ended {
        frontend.sendRaw(FakeFrontend.header(code.code(), 1 | 8, payload.length), payload, fds);
        FakeFrontend.Reply reply = reply(code);
        if (reply.payload().length == 8 && reply.u64() != 0) {
            throw new Ended(code + " was refused", null);
        }
    }

    private FakeFrontend.Reply ask(RequestCode code, byte[] payload, int... fds) throws Ended {
        frontend.send(code, payload, fds);
        return reply(code);
    }

    private FakeFrontend.Reply reply(RequestCode code) throws Ended {
        if (Poll.await(frontend.socket().fd(), Poll.IN, TIMEOUT_MILLIS) == 0) {
            throw new AssertionError("no reply to " + code + " and no end within " + TIMEOUT_MILLIS + " ms");
        }
        try {
            return frontend.receive();
        } catch (AssertionError e) {
            if (e.getMessage() != null && e.getMessage().startsWith("the connection ended")) {
                throw new Ended("after " + code, e);
            }
            throw e;
        }
    }

    private void negotiate() throws Ended {
        frontend.send(SET_OWNER, NOTHING);
        long features = ask(GET_FEATURES, NOTHING).u64();
        long protocol = ask(GET_PROTOCOL_FEATURES, NOTHING).u64();
        frontend.send(SET_PROTOCOL_FEATURES, Payload.number(protocol));
        long wanted =
                VirtioFeature.maskOf(VirtioFeature.VERSION_1, VirtioFeature.PROTOCOL_FEATURES, VirtioFeature.LOG_ALL);
        ack(SET_FEATURES, Payload.number(features & wanted));
        ack(SET_BACKEND_REQ_FD, NOTHING, channel.second().fd());
        adoptInflight();
        ack(SET_MEM_TABLE, guest.table(), guest.fd());
    }

    private void adoptInflight() throws Ended {
        byte[] wanted = new Payload().u64(0).u64(0).u32(2 | SIZE << 16).toBytes();
        frontend.send(GET_INFLIGHT_FD, wanted);
        if (Poll.await(frontend.socket().fd(), Poll.IN, TIMEOUT_MILLIS) == 0) {
            throw new AssertionError("no in-flight buffer and no end within " + TIMEOUT_MILLIS + " ms");
        }
        MemorySegment message = arena.allocate(64, 8);
        try (FdBag bag = new FdBag()) {
            long got = frontend.socket().receive(message, 0, 12, bag);
            if (got > 0 && bag.size() == 1) {
                inflight = bag.take(0);
            }
            while (got > 0 && got < 12 + 24) {
                if (Poll.await(frontend.socket().fd(), Poll.IN, TIMEOUT_MILLIS) == 0) {
                    throw new AssertionError("half an in-flight reply");
                }
                long more = frontend.socket().receive(message, got, 12 + 24 - got, bag);
                got = more <= 0 ? 0 : got + more;
            }
        }
        OwnedFd file = inflight;
        if (file == null) {
            throw new Ended("no in-flight buffer", null);
        }
        byte[] reply = message.asSlice(12, 24).toArray(ValueLayout.JAVA_BYTE);
        ack(SET_INFLIGHT_FD, reply, file.fd());
    }

    private void startRings() throws Ended {
        for (int queue = 0; queue < 2; queue++) {
            ack(SET_VRING_NUM, Payload.state(queue, SIZE));
            ack(SET_VRING_BASE, Payload.state(queue, 0));
            ack(SET_VRING_CALL, Payload.number(queue), event.fd());
            ack(SET_VRING_ERR, Payload.number(queue), event.fd());
            byte[] addresses = Payload.addresses(queue, 0, guest.desc(queue), guest.used(queue), guest.avail(queue));
            ack(SET_VRING_ADDR, addresses);
            ack(SET_VRING_KICK, Payload.number(queue), event.fd());
            ack(SET_VRING_ENABLE, Payload.state(queue, 1));
        }
        if (!device.get().isRunning()) {
            if (plan.hit()) {
                throw new Ended("the session ended right after its last answer", null);
            }
            throw new AssertionError("the device does not run, but all was acknowledged");
        }
    }

    /** A packet each way; what is checked is that nothing throws and nothing is lost. */
    private void traffic(BufferPool pool) throws Ended {
        offer(0, WRITE);
        offer(1, 0);
        offered++;
        VhostDevice at = device.get();
        Packet[] packets = new Packet[4];
        Packet out = pool.allocate();
        if (out == null) {
            throw new AssertionError("the pool is empty");
        }
        out.append(60);
        packets[0] = out;
        int[] done = new int[2];
        plan.inLibrary(() -> {
            done[0] = at.enqueueBurst(0, packets, 0, 1);
            done[1] = at.dequeueBurst(1, pool, packets, 1, 3);
        });
        out.free();
        for (int i = 1; i <= done[1]; i++) {
            packets[i].free();
        }
        if (done[0] != 1 || done[1] != 1) {
            throw new Ended("packets did not move", null);
        }
    }

    private void offer(int queue, int flags) {
        MemorySegment memory = guest.memory();
        int slot = offered % SIZE;
        long gpa = FrontendMemory.GPA + queue * 0x4_0000L + DATA;
        long desc = guest.desc(queue) - FrontendMemory.USER + 16L * slot;
        memory.set(ValueLayout.JAVA_LONG, desc, gpa);
        memory.set(ValueLayout.JAVA_INT, desc + 8, flags == WRITE ? BUFFER : 12 + 60);
        memory.set(ValueLayout.JAVA_SHORT, desc + 12, (short) flags);
        guest.putU16(guest.avail(queue) + 4 + 2L * slot, slot);
        guest.putU16(guest.avail(queue) + 2, offered + 1);
    }

    private void migrate() throws Ended {
        byte[] payload = new Payload().u64(0x1000).u64(0).toBytes();
        ack(SET_LOG_BASE, payload, log.fd());
        ack(SET_LOG_FD, NOTHING, event.fd());
        // saving: the descriptor is closed at once; loading: it is kept
        for (int direction = 0; direction < 2; direction++) {
            frontend.send(
                    SET_DEVICE_STATE_FD,
                    Payload.state(direction, 0),
                    channel.first().fd());
            reply(SET_DEVICE_STATE_FD);
        }
    }

    private void changeMemory() throws Ended {
        byte[] region = Payload.region(EXTRA_GPA, 0x1_0000, EXTRA_GPA, 0);
        ack(ADD_MEM_REG, region, extra.fd());
        ack(REM_MEM_REG, region);
    }

    private void stop() throws Ended {
        for (int queue = 0; queue < 2; queue++) {
            FakeFrontend.Reply reply = ask(GET_VRING_BASE, Payload.state(queue, 0));
            if (reply.u32(4) != offered) {
                throw new AssertionError("queue " + queue + " is at " + reply.u32(4) + ", not at " + offered);
            }
        }
    }

    @Override
    public void close() {
        try (guest;
                extra;
                log;
                event;
                channel;
                arena;
                frontend) {
            if (inflight != null) {
                inflight.close();
            }
        }
    }
}
