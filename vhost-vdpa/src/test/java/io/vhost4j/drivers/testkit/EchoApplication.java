// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.testkit;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.VhostDriver;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A back-end that sends packets back itself while no vDPA device does. */
public final class EchoApplication implements VhostDeviceOps, AutoCloseable {
    private static final int BURST = 32;

    /** The socket. */
    public final VhostDriver driver;
    /** Packets that this application sent back. */
    public final AtomicLong echoed = new AtomicLong();
    /** Packets that it had taken and could not give back in time. */
    public final AtomicLong lost = new AtomicLong();
    /** How often who serves has changed, or begun. */
    public final AtomicInteger begun = new AtomicInteger();

    private final PacketPool pool = PacketPool.builder().count(2048).build();
    /** Is told of each device first. */
    public volatile Consumer<VhostDevice> listener = added -> {};

    private volatile boolean running;
    private volatile @Nullable Thread poller;
    /** The device of the connection. */
    public volatile @Nullable VhostDevice device;

    /** Not started. */
    public EchoApplication(Path socket) {
        driver = VhostDriver.register(socket);
        driver.callbackRegister(this);
    }

    @Override
    public void newDevice(VhostDevice added) {
        device = added;
        listener.accept(added);
        begun.incrementAndGet();
        if (added.getVdpaDevice() == null) {
            running = true;
            poller = Thread.ofPlatform().name("echo").start(() -> poll(added));
        }
    }

    @Override
    public void destroyDevice(VhostDevice removed) {
        running = false;
        Thread thread = poller;
        while (thread != null && thread.isAlive()) {
            Thread.onSpinWait();
        }
        poller = null;
        device = null;
    }

    private void poll(VhostDevice from) {
        Packet[] burst = new Packet[BURST];
        while (running) {
            int count = from.dequeueBurst(1, pool, burst, 0, BURST);
            int done = 0;
            while (done < count && running) {
                done += from.enqueueBurst(0, burst, done, count - done);
            }
            echoed.addAndGet(done);
            lost.addAndGet(count - done);
            pool.freeBulk(burst, 0, count);
            if (count == 0) {
                Thread.yield();
            }
        }
    }

    @Override
    public void close() {
        driver.close();
        pool.close();
    }
}
