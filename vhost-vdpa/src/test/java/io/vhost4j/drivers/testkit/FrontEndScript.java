// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.Payload;
import java.util.ArrayList;
import java.util.List;

/** The messages of a front-end whose rings a vDPA device serves, from the first to the last. One thread. */
public final class FrontEndScript implements AutoCloseable {
    private static final int SIZE = 64;
    private static final long LOG_BYTES = 1 << 16;
    private static final int REGION = 1 << 20;

    private final boolean packed;
    private final GuestImage image = GuestImage.of(REGION, REGION);
    private final List<DriverRing> rings = new ArrayList<>();
    private final EventFd kick = EventFd.create();
    private final EventFd call = EventFd.create();
    private final EventFd nextCall = EventFd.create();
    private final UnixSocket.Pair backendChannel = UnixSocket.pair();
    private final OwnedFd log = MemFd.create("log", LOG_BYTES);
    private final List<Runnable> steps = new ArrayList<>();
    private final FakeFrontend front;

    /**
     * A script for one connection.
     *
     * @param front closed by the new object
     * @param logs whether a log is switched on
     */
    public FrontEndScript(FakeFrontend front, boolean packed, boolean logs) {
        this.front = front;
        this.packed = packed;
        MemFd.addSeals(log.fd(), MemFd.F_SEAL_SHRINK);
        negotiate();
        for (int i = 0; i < 2; i++) {
            rings.add(DriverRing.create(packed, image, SIZE));
            setUp(i);
        }
        step(RequestCode.SET_VRING_ENABLE, Payload.state(0, 1));
        step(RequestCode.SET_VRING_ENABLE, Payload.state(1, 1));
        change(logs);
    }

    /** Messages in all. */
    public int steps() {
        return steps.size();
    }

    /** Sends the first messages, each when the one before was answered. */
    public void play(int count) {
        steps.subList(0, count).forEach(Runnable::run);
    }

    private void step(RequestCode request, byte[] payload, int... fds) {
        steps.add(() -> assertEquals(0, front.sendForAck(request, payload, fds), request::toString));
    }

    private void ask(RequestCode request, byte[] payload, int... fds) {
        steps.add(() -> front.ask(request, payload, fds));
    }

    private long features(boolean logs) {
        return VirtioFeature.maskOf(VirtioFeature.VERSION_1, VirtioFeature.PROTOCOL_FEATURES)
                | (packed ? VirtioFeature.RING_PACKED.mask() : 0)
                | (logs ? VirtioFeature.LOG_ALL.mask() : 0);
    }

    private void negotiate() {
        ask(RequestCode.GET_FEATURES, new byte[0]);
        long protocol = ProtocolFeature.maskOf(
                ProtocolFeature.REPLY_ACK,
                ProtocolFeature.LOG_SHMFD,
                ProtocolFeature.BACKEND_REQ,
                ProtocolFeature.BACKEND_SEND_FD,
                ProtocolFeature.HOST_NOTIFIER);
        steps.add(() -> front.send(
                RequestCode.SET_PROTOCOL_FEATURES,
                Payload.number(protocol
                        & front.ask(RequestCode.GET_PROTOCOL_FEATURES, new byte[0])
                                .u64())));
        step(RequestCode.SET_OWNER, new byte[0]);
        step(
                RequestCode.SET_BACKEND_REQ_FD,
                new byte[0],
                backendChannel.second().fd());
        step(RequestCode.SET_FEATURES, Payload.number(features(false)));
        giveMemory();
    }

    private void giveMemory() {
        Payload table = new Payload().u32(2).u32(0);
        for (int i = 0; i < 2; i++) {
            long gpa = image.regionStart(i);
            table.u64(gpa).u64(REGION).u64(gpa + GuestImage.USER_OFFSET).u64(0);
        }
        step(RequestCode.SET_MEM_TABLE, table.toBytes(), image.fd(0), image.fd(1));
    }

    private void setUp(int ring) {
        step(RequestCode.SET_VRING_NUM, Payload.state(ring, SIZE));
        step(RequestCode.SET_VRING_BASE, Payload.state(ring, packed ? 0x8000_8000L : 0));
        RingSetup at = rings.get(ring).setup(0);
        step(
                RequestCode.SET_VRING_ADDR,
                Payload.addresses(ring, 0, user(at.desc()), user(at.device()), user(at.driver())));
        step(RequestCode.SET_VRING_CALL, Payload.number(ring), call.fd());
        step(RequestCode.SET_VRING_KICK, Payload.number(ring), kick.fd());
    }

    private long user(long host) {
        return image.memory().toGuest(host) + GuestImage.USER_OFFSET;
    }

    /** What may change while the device serves, and the end. */
    private void change(boolean logs) {
        step(RequestCode.SET_VRING_CALL, Payload.number(0), nextCall.fd());
        if (logs) {
            ask(RequestCode.SET_LOG_BASE, new Payload().u64(LOG_BYTES).u64(0).toBytes(), log.fd());
            step(RequestCode.SET_FEATURES, Payload.number(features(true)));
        }
        step(RequestCode.SET_VRING_ENABLE, Payload.state(0, 0));
        step(RequestCode.SET_VRING_ENABLE, Payload.state(0, 1));
        giveMemory();
        step(RequestCode.SET_VRING_KICK, Payload.number(1), kick.fd());
        ask(RequestCode.GET_VRING_BASE, Payload.state(0, 0));
        ask(RequestCode.GET_VRING_BASE, Payload.state(1, 0));
    }

    @Override
    public void close() {
        front.close();
        backendChannel.close();
        kick.close();
        call.close();
        nextCall.close();
        log.close();
        image.close();
    }
}
