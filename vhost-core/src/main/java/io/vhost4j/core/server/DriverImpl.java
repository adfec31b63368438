// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import io.vhost4j.ConfigurationException;
import io.vhost4j.ConnectionLimits;
import io.vhost4j.DriverCounters;
import io.vhost4j.DriverFlag;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.RecoveryPolicy;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.VhostDriver;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.net.NetOptions;
import io.vhost4j.core.ring.ChainDriver;
import io.vhost4j.core.session.Counters;
import io.vhost4j.core.session.DeviceKind;
import io.vhost4j.core.session.OfferedFeatures;
import io.vhost4j.core.session.SessionConfig;
import io.vhost4j.core.session.SocketState;
import io.vhost4j.core.session.VdpaAttachment;
import io.vhost4j.spi.KernelFrontend;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaDeviceType;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A registered socket: settings until it is started, connections from then on. */
final class DriverImpl implements VhostDriver, ChainDriver {
    private static final Logger LOG = LoggerFactory.getLogger(DriverImpl.class);
    private static final int MAX_MODE = 0777;
    private static final long TELL_MILLIS = 200;
    private static final long SEGMENTATION = VirtioFeature.maskOf(
            VirtioFeature.HOST_TSO4, VirtioFeature.HOST_TSO6, VirtioFeature.HOST_ECN, VirtioFeature.HOST_UFO);

    private final Path path;
    private final Set<DriverFlag> flags;
    private final Runnable onClose;
    private final @Nullable KernelFrontend frontend;
    /** Where it listens or connects. */
    private final String socket;

    private final long supported;
    private final long supportedProtocol;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final SocketState state = new SocketState();
    private final Counters counters = state.counters();

    // guarded by this, until started
    private long features;
    private long protocolFeatures;
    private DeviceKind kind = DeviceKind.NET;
    private int maxQueuePairs = MAX_QUEUE_PAIRS;
    private RecoveryPolicy recovery = RecoveryPolicy.INFLIGHT;
    private int mode = -1;
    private int uid = -1;
    private int gid = -1;
    private ConnectionLimits limits = ConnectionLimits.DEFAULT;
    private @Nullable VhostDeviceOps ops;
    private @Nullable VhostEvents events;
    private @Nullable Transport transport;
    private boolean closing;
    /** The kernel, while it is connected. */
    private @Nullable AutoCloseable kernel;

    // event thread only
    private final Set<Connection> connections = new LinkedHashSet<>();
    private boolean transportEnded;

    /**
     * A driver that is not started.
     *
     * @param frontend what connects to it, if that is the kernel
     */
    DriverImpl(Path path, Set<DriverFlag> flags, Runnable onClose, @Nullable KernelFrontend frontend) {
        this.path = path;
        this.frontend = frontend;
        socket = frontend == null
                ? path.toString()
                : "@vhost4j-" + ProcessHandle.current().pid() + path;
        this.flags = flags;
        this.onClose = onClose;
        supported = withoutWhatFlagsForbid(OfferedFeatures.VIRTIO_SUPPORTED);
        features = withoutWhatFlagsForbid(OfferedFeatures.VIRTIO_DEFAULT | VirtioFeature.ACCESS_PLATFORM.mask());
        supportedProtocol = postcopy(OfferedFeatures.PROTOCOL_SUPPORTED);
        protocolFeatures = postcopy(OfferedFeatures.PROTOCOL_DEFAULT | ProtocolFeature.PAGEFAULT.mask());
    }

    /** A segment of the guest is larger than a buffer: it cannot be delivered in one buffer, unless in an external one. */
    private long withoutWhatFlagsForbid(long word) {
        boolean oneBuffer = flags.contains(DriverFlag.LINEARBUF_SUPPORT) && !flags.contains(DriverFlag.EXTBUF_SUPPORT);
        long allowed = oneBuffer ? word & ~SEGMENTATION : word;
        return flags.contains(DriverFlag.IOMMU_SUPPORT) ? allowed : allowed & ~VirtioFeature.ACCESS_PLATFORM.mask();
    }

    private long postcopy(long word) {
        return flags.contains(DriverFlag.POSTCOPY_SUPPORT) ? word : word & ~ProtocolFeature.PAGEFAULT.mask();
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public synchronized void setFeatures(long wanted) {
        requireNotStarted();
        requireSupported(wanted);
        features = wanted;
    }

    @Override
    public synchronized long getFeatures() {
        return features;
    }

    @Override
    public synchronized void enableFeatures(long wanted) {
        requireNotStarted();
        requireSupported(wanted);
        features |= wanted;
    }

    @Override
    public synchronized void disableFeatures(long unwanted) {
        requireNotStarted();
        features &= ~unwanted;
    }

    @Override
    public synchronized void setProtocolFeatures(long wanted) {
        requireNotStarted();
        if (ProtocolFeature.XEN_MMAP.in(wanted)) {
            throw new ConfigurationException("protocol feature XEN_MMAP: memory of Xen guests cannot be mapped");
        }
        long unknown = wanted & ~supportedProtocol;
        if (unknown != 0) {
            throw new ConfigurationException("protocol features 0x" + Long.toHexString(unknown) + " "
                    + ProtocolFeature.setOf(unknown) + ": not supported with these flags");
        }
        protocolFeatures = wanted;
    }

    @Override
    public synchronized long getProtocolFeatures() {
        return protocolFeatures;
    }

    @Override
    public synchronized int getQueueNum() {
        return maxQueuePairs;
    }

    @Override
    public synchronized void setMaxQueueNum(int pairs) {
        requireNotStarted();
        if (pairs < 1 || pairs > MAX_QUEUE_PAIRS) {
            throw new ConfigurationException("queue pairs=" + pairs + ": must be 1 to " + MAX_QUEUE_PAIRS);
        }
        maxQueuePairs = pairs;
    }

    @Override
    public synchronized void setRecoveryPolicy(RecoveryPolicy policy) {
        requireNotStarted();
        recovery = policy;
    }

    @Override
    public synchronized RecoveryPolicy getRecoveryPolicy() {
        return recovery;
    }

    @Override
    public synchronized void setBuiltinVirtioNet(boolean builtin) {
        requireNotStarted();
        kind = builtin ? DeviceKind.NET : DeviceKind.APPLICATION;
    }

    @Override
    public synchronized void serveChains() {
        requireNotStarted();
        kind = DeviceKind.CHAINS;
    }

    @Override
    public synchronized void setSocketMode(int wanted) {
        requireNotStarted();
        if (wanted < 0 || wanted > MAX_MODE) {
            throw new ConfigurationException("socket mode=0" + Integer.toOctalString(wanted) + ": must be 0 to 0777");
        }
        mode = wanted;
    }

    @Override
    public synchronized void setSocketOwner(int wantedUid, int wantedGid) {
        requireNotStarted();
        if (wantedUid < -1 || wantedGid < -1) {
            throw new ConfigurationException(
                    "socket owner uid=" + wantedUid + ", gid=" + wantedGid + ": must be a number from 0, or -1");
        }
        uid = wantedUid;
        gid = wantedGid;
    }

    @Override
    public synchronized void setConnectionLimits(ConnectionLimits wanted) {
        requireNotStarted();
        limits = wanted;
    }

    @Override
    public synchronized ConnectionLimits getConnectionLimits() {
        return limits;
    }

    @Override
    public DriverCounters counters() {
        return counters.snapshot();
    }

    @Override
    public synchronized void callbackRegister(VhostDeviceOps newOps) {
        requireNotStarted();
        ops = newOps;
    }

    @Override
    public void attachVdpaDevice(VdpaDevice device) {
        VdpaAttachment attachment = VdpaAttachment.of(device);
        VhostEvents loop;
        synchronized (this) {
            VdpaAttachment before = state.vdpa().attached();
            if (closing || before != null) {
                throw new ConfigurationException(path + ": "
                        + (before == null
                                ? "the driver is closed"
                                : before.device().identity().name() + " is attached: detach it first"));
            }
            state.vdpa().set(attachment);
            loop = events;
        }
        if (loop != null) {
            tellConnections(loop);
        }
    }

    @Override
    public void detachVdpaDevice() {
        VhostEvents loop;
        synchronized (this) {
            state.vdpa().set(null);
            loop = events;
        }
        if (loop != null) {
            tellConnections(loop);
        }
    }

    @Override
    public @Nullable VdpaDevice getVdpaDevice() {
        VdpaAttachment attachment = state.vdpa().attached();
        return attachment == null ? null : attachment.device();
    }

    /** Has all connections take what is attached now; waits for that, unless on the event thread. */
    private void tellConnections(VhostEvents loop) {
        CountDownLatch told = new CountDownLatch(1);
        loop.execute(() -> {
            try {
                List.copyOf(connections).forEach(Connection::vdpaChanged);
            } finally {
                told.countDown();
            }
        });
        if (!loop.isCurrentThread()) {
            // the loop may end first, when the driver is closed meanwhile
            VhostEvents.uninterruptibly(() -> {
                while (!told.await(TELL_MILLIS, TimeUnit.MILLISECONDS) && closed.getCount() > 0) {
                    LOG.debug("{}: waits for the event thread", path);
                }
            });
        }
    }

    @Override
    public void start() {
        listen();
        KernelFrontend kernelSide = frontend;
        if (kernelSide == null) {
            return;
        }
        try {
            AutoCloseable connected = kernelSide.connect(path, socket);
            synchronized (this) {
                kernel = connected;
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private synchronized void listen() {
        requireNotStarted();
        VhostDeviceOps told = ops;
        if (told == null) {
            throw new ConfigurationException(path + ": call callbackRegister before start");
        }
        SessionConfig config = config(told);
        VhostEvents loop = VhostEvents.acquire();
        try {
            Transport made = makeTransport(loop, config);
            transport = made;
            events = loop;
            loop.execute(() -> {
                if (!transportEnded) {
                    made.begin();
                }
            });
        } catch (RuntimeException e) {
            loop.release();
            loop.awaitEnd();
            throw e;
        }
    }

    @Override
    public void close() {
        VhostEvents loop;
        boolean first;
        synchronized (this) {
            first = !closing;
            closing = true;
            loop = events;
        }
        if (first) {
            onClose.run();
            if (loop == null) {
                closed.countDown();
            } else {
                if (loop.isCurrentThread()) {
                    endTransport();
                }
                loop.execute(() -> closeNow(loop));
            }
        }
        if (loop != null && !loop.isCurrentThread()) {
            VhostEvents.uninterruptibly(closed::await);
            awaitKernel();
            loop.awaitEnd();
        }
    }

    /** The kernel gives back what it had when the connection has ended. */
    private void awaitKernel() {
        AutoCloseable connected;
        synchronized (this) {
            connected = kernel;
            kernel = null;
        }
        if (connected != null) {
            try {
                connected.close();
            } catch (Exception e) {
                LOG.warn("{}: {}", path, e.getMessage(), e);
            }
        }
    }

    private void closeNow(VhostEvents loop) {
        try {
            endTransport();
            List.copyOf(connections).forEach(connection -> connection.end("the driver was closed"));
        } finally {
            loop.release();
            closed.countDown();
        }
    }

    private void endTransport() {
        Transport current = transport();
        if (!transportEnded && current != null) {
            transportEnded = true;
            current.end();
        }
    }

    private synchronized @Nullable Transport transport() {
        return transport;
    }

    private SessionConfig config(VhostDeviceOps told) {
        VdpaAttachment attached = state.vdpa().attached();
        boolean otherType = attached != null && attached.type() != VdpaDeviceType.NET;
        NetOptions net = new NetOptions(
                flags.contains(DriverFlag.NET_STATS_ENABLE),
                flags.contains(DriverFlag.LINEARBUF_SUPPORT),
                flags.contains(DriverFlag.EXTBUF_SUPPORT),
                flags.contains(DriverFlag.NET_COMPLIANT_OL_FLAGS));
        long protocol = recovery == RecoveryPolicy.REPLAY_IN_ORDER
                ? protocolFeatures & ~ProtocolFeature.INFLIGHT_SHMFD.mask()
                : protocolFeatures;
        return new SessionConfig(
                path.toString(),
                otherType ? attached.features() : features,
                protocol,
                maxQueuePairs,
                told,
                told.offloadsGuestNotify(),
                net,
                limits,
                state,
                recovery,
                otherType ? DeviceKind.APPLICATION : kind,
                flags.contains(DriverFlag.ASYNC_COPY));
    }

    private Transport makeTransport(VhostEvents loop, SessionConfig config) {
        if (flags.contains(DriverFlag.CLIENT)) {
            return ConnectingTransport.open(
                    loop,
                    socket,
                    !flags.contains(DriverFlag.NO_RECONNECT),
                    !flags.contains(DriverFlag.ASYNC_CONNECT),
                    connected -> connect(loop, connected, config));
        }
        return ListeningTransport.open(
                loop, socket, new SocketFile.Access(mode, uid, gid), accepted -> connect(loop, accepted, config));
    }

    private void connect(VhostEvents loop, UnixSocket socket, SessionConfig config) {
        int most = config.limits().connections();
        if (connections.size() >= most) {
            counters.connectionRefused();
            counters.limitExceeded();
            if (state.throttle().permits()) {
                LOG.warn("{}: refused a connection: there are {} already", path, most);
            }
            socket.close();
            return;
        }
        makeRoom(config.limits().halfOpenConnections());
        counters.connectionAccepted();
        Connection connection =
                Connection.of(loop, socket, config, config.limits().messageMillis(), this::ended);
        connections.add(connection);
        try {
            connection.open();
        } catch (RuntimeException e) {
            connection.end("it cannot be served: " + e.getMessage());
        }
    }

    /** The newest connection goes first: a front-end negotiates at once, who only holds connections does not. */
    private void makeRoom(int mostHalfOpen) {
        List<Connection> halfOpen =
                connections.stream().filter(c -> !c.established()).toList();
        if (halfOpen.size() >= mostHalfOpen) {
            halfOpen.getFirst()
                    .endAtLimit("of " + halfOpen.size()
                            + " connections that do not negotiate this was the oldest, and there is a new one");
        }
    }

    private void ended(Connection connection) {
        connections.remove(connection);
        Transport current = transport();
        if (current != null && !transportEnded) {
            current.connectionEnded();
        }
    }

    private void requireNotStarted() {
        if (closing) {
            throw new ConfigurationException(path + ": the driver is closed");
        }
        if (events != null) {
            throw new ConfigurationException(path + ": the driver is started: change settings before start");
        }
    }

    private void requireSupported(long wanted) {
        long unknown = wanted & ~supported;
        if (unknown != 0 && kind == DeviceKind.NET) {
            throw new ConfigurationException("virtio features 0x" + Long.toHexString(unknown) + " "
                    + VirtioFeature.setOf(unknown) + ": not supported with these flags");
        }
    }
}
