// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.GET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.GET_PROTOCOL_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_MEM_TABLE;
import static io.vhost4j.core.protocol.RequestCode.SET_OWNER;
import static io.vhost4j.core.protocol.RequestCode.SET_PROTOCOL_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ADDR;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ENABLE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_KICK;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_NUM;

import io.vhost4j.ConnectionLimits;
import io.vhost4j.RecoveryPolicy;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.net.NetOptions;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.Payload;
import io.vhost4j.core.testkit.RecordingOps;
import io.vhost4j.vdpa.VdpaDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * A session and a front-end joined by a socket pair, both on the test's thread: what the front-end sends is handled before its
 * method returns.
 */
final class SessionFixture implements AutoCloseable {
    static final byte[] NOTHING = {};
    static final long SPLIT = VirtioFeature.maskOf(VirtioFeature.VERSION_1, VirtioFeature.PROTOCOL_FEATURES);
    static final long PACKED = SPLIT | VirtioFeature.RING_PACKED.mask();

    final RecordingOps ops = new RecordingOps();
    final DeviceRegistry registry = new DeviceRegistry();
    final FrontendMemory guest = new FrontendMemory(1 << 20);
    private final SocketState state = new SocketState();
    final Counters counters = state.counters();
    final FakeFrontend frontend;
    final VhostSession session;
    private final List<Runnable> watched = new ArrayList<>();
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

    SessionFixture() {
        this(OfferedFeatures.VIRTIO_DEFAULT, OfferedFeatures.PROTOCOL_DEFAULT);
    }

    SessionFixture(long features, long protocolFeatures) {
        this(features, protocolFeatures, ConnectionLimits.DEFAULT);
    }

    SessionFixture(long features, long protocolFeatures, ConnectionLimits limits) {
        this(features, protocolFeatures, limits, DeviceKind.NET);
    }

    SessionFixture(long features, long protocolFeatures, ConnectionLimits limits, DeviceKind kind) {
        this(features, protocolFeatures, limits, kind, null);
    }

    SessionFixture(
            long features,
            long protocolFeatures,
            ConnectionLimits limits,
            DeviceKind kind,
            @Nullable VdpaDevice hardware) {
        state.vdpa().set(hardware == null ? null : VdpaAttachment.of(hardware));
        UnixSocket.Pair pair = UnixSocket.pair();
        SessionConfig config = new SessionConfig(
                "test",
                features,
                protocolFeatures,
                2,
                ops,
                false,
                new NetOptions(true, false, false, false),
                limits,
                state,
                RecoveryPolicy.INFLIGHT,
                kind,
                true);
        session = new VhostSession(pair.first(), config, new Loop(), registry, () -> {});
        frontend = new FakeFrontend(pair.second(), this::work);
        session.start();
    }

    /** Attaches a vDPA device to the socket, or with null detaches it. */
    void attach(@Nullable VdpaDevice hardware) {
        state.vdpa().set(hardware == null ? null : VdpaAttachment.of(hardware));
        session.vdpaChanged();
        work();
    }

    /** Everything runs on the test's thread. */
    private final class Loop implements EventLoop {
        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        @Override
        public Watch watch(int fd, Runnable readable) {
            watched.add(readable);
            return () -> watched.remove(readable);
        }
    }

    /** Has the session handle what has arrived. */
    void work() {
        session.readable();
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
        List.copyOf(watched).forEach(Runnable::run);
    }

    /** Negotiates all that is offered of the protocol, and these virtio features. */
    void negotiate(long features) {
        frontend.send(SET_OWNER, NOTHING);
        frontend.ask(GET_FEATURES, NOTHING);
        long protocol = frontend.ask(GET_PROTOCOL_FEATURES, NOTHING).u64();
        frontend.send(SET_PROTOCOL_FEATURES, Payload.number(protocol));
        frontend.send(SET_FEATURES, Payload.number(features));
    }

    void giveMemory() {
        frontend.send(SET_MEM_TABLE, guest.table(), guest.fd());
    }

    void describeRing(int queue, int size, long base) {
        guest.putU16(guest.used(queue) + 2, (int) base);
        frontend.send(SET_VRING_NUM, Payload.state(queue, size));
        frontend.send(SET_VRING_BASE, Payload.state(queue, base));
        frontend.send(SET_VRING_ADDR, addresses(queue));
    }

    byte[] addresses(int queue) {
        return Payload.addresses(queue, 0, guest.desc(queue), guest.used(queue), guest.avail(queue));
    }

    void kick(int queue) {
        try (EventFd event = EventFd.create()) {
            frontend.send(SET_VRING_KICK, Payload.number(queue), event.fd());
        }
    }

    void enable(int queue, int enable) {
        frontend.send(SET_VRING_ENABLE, Payload.state(queue, enable));
    }

    /** Brings up the first pair of rings. */
    void startDevice(long features, int size, long base) {
        negotiate(features);
        giveMemory();
        for (int queue = 0; queue < 2; queue++) {
            startRing(queue, size, base);
        }
    }

    void startRing(int queue, int size, long base) {
        describeRing(queue, size, base);
        kick(queue);
        enable(queue, 1);
    }

    @Override
    public void close() {
        try (guest) {
            frontend.close();
            work();
        }
    }
}
