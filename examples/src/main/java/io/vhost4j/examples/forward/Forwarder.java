// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.ConfigurationException;
import io.vhost4j.DriverFlag;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDriver;
import io.vhost4j.VirtioFeature;
import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.DmaEngine;
import io.vhost4j.examples.cli.Failures;
import io.vhost4j.examples.cli.StopSignal;
import io.vhost4j.examples.cli.UsageException;
import io.vhost4j.examples.pcap.PcapWriter;
import io.vhost4j.examples.wire.Counter;
import io.vhost4j.examples.wire.EchoResponder;
import io.vhost4j.packet.PacketPool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The back-end: sockets, poll threads, buffers. Started once, closed once, from one thread. */
final class Forwarder implements AutoCloseable {
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final ForwardSettings settings;
    private final ForwardEvents events;
    private final StopSignal stop;
    private final @Nullable PacketBudget budget;
    private final PacketPool pool;
    private final @Nullable Channels channels;
    private final List<Counter> busy = new ArrayList<>();
    private final @Nullable PcapWriter capture;
    private final List<PollThread> threads = new ArrayList<>();
    private final List<Port> ports = new ArrayList<>();
    private final List<VhostDriver> drivers = new ArrayList<>();
    private final Switchboard switchboard;
    private volatile boolean failed;
    private boolean closed;
    private int buffersLeft;

    /** Makes everything that needs no peer; may throw, leaving nothing open. */
    Forwarder(ForwardSettings settings, ForwardEvents events, StopSignal stop) {
        this.settings = settings;
        this.events = events;
        this.stop = stop;
        Path file = settings.pcap();
        List<String> sockets = settings.sockets().stream().map(Path::toString).toList();
        capture = file == null ? null : PcapWriter.open(file, sockets, events::error);
        budget = settings.count() == 0 ? null : new PacketBudget(settings.count(), stop::request);
        pool = makePool();
        channels = makeChannels();
        makeThreads();
        for (String socket : sockets) {
            ports.add(new Port(ports.size(), socket, threads.size()));
        }
        switchboard = new Switchboard(settings.mode(), ports, threads);
    }

    ForwardEvents events() {
        return events;
    }

    Switchboard switchboard() {
        return switchboard;
    }

    /** Whether the run cannot end well any more. */
    boolean hasFailed() {
        return failed;
    }

    int buffersInUse() {
        return closed ? buffersLeft : pool.inUse();
    }

    /** How long poll threads worked; empty unless that was asked for. */
    OptionalLong busyNanos() {
        return settings.timed()
                ? OptionalLong.of(busy.stream().mapToLong(Counter::get).sum())
                : OptionalLong.empty();
    }

    BadInput badInput() {
        return BadInput.of(drivers);
    }

    long captureDropped() {
        return capture == null ? 0 : capture.dropped();
    }

    /** Warms up, starts polling, unless that waits for {@link #release}, and opens the sockets. */
    void start() {
        VhostDriver.warmUp();
        if (settings.onEnter()) {
            threads.forEach(PollThread::hold);
        }
        threads.forEach(PollThread::start);
        for (Port port : ports) {
            VhostDriver driver = VhostDriver.register(
                    Path.of(port.socket()), settings.flags().toArray(DriverFlag[]::new));
            drivers.add(driver);
            configure(driver);
            driver.callbackRegister(new PortCallbacks(port, settings, this));
        }
        drivers.forEach(VhostDriver::start);
        events.listening(settings);
    }

    /** Lets packets move that waited for this. */
    void release() {
        threads.forEach(PollThread::release);
        events.released();
    }

    /** A front-end was turned away; where it is the only one, there is nothing left to do. */
    void refused(String message) {
        events.error(message);
        failed = true;
        if (ports.size() == 1) {
            stop.request();
        }
    }

    void connectionEnded(Port port, int vid) {
        events.deviceDown(port.socket(), vid, pool.inUse());
    }

    /** After the last of {@code --count} packets: gives guests time to take from their rings what a disconnection would lose. */
    void linger() throws InterruptedException {
        if (budget != null && budget.isUsedUp() && settings.mode() != Mode.RXONLY) {
            switchboard.awaitNoDevice(LINGER_NANOS);
        }
    }

    /** Ends the polling: packets that are held go out or are dropped, and the counts do not change any more. */
    void stopPolling() {
        threads.forEach(PollThread::stop);
    }

    /** Closes sockets, capture and buffers. Does nothing when called again. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        stopPolling();
        drivers.forEach(VhostDriver::close);
        if (channels != null) {
            channels.close();
        }
        if (capture != null) {
            capture.close();
        }
        buffersLeft = pool.inUse();
        closed = true;
        try {
            pool.close();
        } catch (IllegalStateException e) {
            failed = true;
            events.error("buffers were left over: " + e.getMessage());
        }
    }

    private PacketPool makePool() {
        try {
            return PacketPool.builder()
                    .count(settings.buffers())
                    .dataRoom(settings.dataRoom())
                    .hugePages(settings.hugePages())
                    .build();
        } catch (RuntimeException e) {
            if (capture != null) {
                capture.close();
            }
            throw e;
        }
    }

    private @Nullable Channels makeChannels() {
        String name = settings.async();
        if (name == null) {
            return null;
        }
        try {
            DmaEngine engine = openEngine(name);
            return new Channels(
                    engine,
                    AsyncFeatures.DEFAULT
                            .withThreshold(settings.asyncThreshold())
                            .withPools(pool));
        } catch (RuntimeException e) {
            if (capture != null) {
                capture.close();
            }
            pool.close();
            throw e;
        }
    }

    private static DmaEngine openEngine(String name) {
        try {
            return DmaEngine.open(name);
        } catch (ConfigurationException e) {
            throw new UsageException("--async " + name + ": " + e.getMessage());
        }
    }

    /** Rings of the device may have come: with --async, they get channels. */
    void ringsKnown(VhostDevice device) {
        if (channels != null) {
            channels.serve(device);
        }
    }

    /** No thread is in a burst call on the device any more. */
    void deviceLeft(VhostDevice device) {
        if (channels != null) {
            channels.leave(device);
        }
    }

    private void makeThreads() {
        List<Integer> cpus = settings.cpus().isEmpty() ? List.of(-1) : settings.cpus();
        for (int cpu : cpus) {
            Mover mover = new Mover(pool, budget, capture == null ? null : capture.tap(), channels != null);
            String name = "vhost4j-poll-" + threads.size();
            threads.add(new PollThread(
                    name,
                    cpu,
                    engine(mover),
                    mover,
                    new Idling(settings.pollPause(), settings.sleeps()),
                    this::pollFailed));
        }
    }

    private Engine engine(Mover mover) {
        if (!settings.timed()) {
            return plainEngine(mover);
        }
        busy.add(new Counter());
        return new TimedEngine(plainEngine(mover), busy.get(busy.size() - 1));
    }

    private Engine plainEngine(Mover mover) {
        boolean translate = settings.translatesOffloads();
        return switch (settings.mode()) {
            case IO -> new RelayEngine(mover, false, translate);
            case MACSWAP -> new RelayEngine(mover, true, translate);
            case ICMPECHO -> new EchoEngine(mover, new EchoResponder(settings.mac()));
            case RXONLY -> new RxOnlyEngine(mover);
            case TXONLY -> new TxOnlyEngine(mover, settings.segments(), settings.mac());
        };
    }

    private void pollFailed(Throwable failure) {
        failed = true;
        events.error("a poll thread ended: " + Failures.oneLine(failure));
        stop.request();
    }

    private void configure(VhostDriver driver) {
        if (settings.mtu() > 0) {
            driver.enableFeatures(VirtioFeature.MTU.mask());
        }
        driver.disableFeatures(settings.disabledFeatures());
        driver.setProtocolFeatures(driver.getProtocolFeatures() & ~settings.disabledProtocolFeatures());
        driver.setRecoveryPolicy(settings.recovery());
        driver.setMaxQueueNum(settings.queuePairs());
        if (settings.socketMode() >= 0) {
            driver.setSocketMode(settings.socketMode());
        }
        if (settings.socketOwner() != null) {
            driver.setSocketOwner(
                    settings.socketOwner().uid(), settings.socketOwner().gid());
        }
    }
}
