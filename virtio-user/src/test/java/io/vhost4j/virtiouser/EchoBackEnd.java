// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.DriverFlag;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.VhostDriver;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The library's back-end, which sends every packet back on the queue pair that it came from; and counts them. */
final class EchoBackEnd implements AutoCloseable, VhostDeviceOps {
    private static final int BURST = 32;

    final VhostDriver driver;
    private final PacketPool pool =
            PacketPool.builder().count(4096).dataRoom(2048).build();
    private final int pairs;
    private final boolean echo;
    private final CountDownLatch up = new CountDownLatch(1);
    private final CountDownLatch down = new CountDownLatch(1);
    private volatile @Nullable VhostDevice device;
    private volatile boolean stopping;
    private @Nullable Thread poller;

    /** Makes a back-end that is not started yet. Without {@code echo} nothing is polled. */
    EchoBackEnd(Path socket, int pairs, boolean echo, DriverFlag... flags) {
        this.pairs = pairs;
        this.echo = echo;
        driver = VhostDriver.register(socket, flags);
        driver.setMaxQueueNum(pairs);
        driver.callbackRegister(this);
    }

    /** Starts it. */
    EchoBackEnd start() {
        driver.start();
        if (echo) {
            poller = Thread.ofPlatform().name("echo").start(this::poll);
        }
        return this;
    }

    @Override
    public void newDevice(VhostDevice added) {
        device = added;
        up.countDown();
    }

    @Override
    public void destroyDevice(VhostDevice removed) {
        device = null;
        down.countDown();
    }

    /** Waits until there is a device. */
    VhostDevice awaitDevice() throws InterruptedException {
        if (!up.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("no device within 20 s");
        }
        return Objects.requireNonNull(device);
    }

    /** Waits until the device is gone. */
    void awaitNoDevice() throws InterruptedException {
        if (!down.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("the device is still there after 20 s");
        }
    }

    PacketPool pool() {
        return pool;
    }

    private void poll() {
        Packet[] packets = new Packet[BURST];
        while (!stopping) {
            VhostDevice current = device;
            int moved = 0;
            for (int pair = 0; current != null && pair < pairs; pair++) {
                moved += echo(current, pair, packets);
            }
            if (moved == 0) {
                Thread.yield();
            }
        }
    }

    private int echo(VhostDevice current, int pair, Packet[] packets) {
        int count = current.dequeueBurst(2 * pair + 1, pool, packets, 0, BURST);
        int done = 0;
        while (done < count && !stopping && current.isRunning()) {
            int more = current.enqueueBurst(2 * pair, packets, done, count - done);
            pool.freeBulk(packets, done, more);
            done += more;
            if (more == 0) {
                Thread.yield();
            }
        }
        pool.freeBulk(packets, done, count - done);
        return count;
    }

    @Override
    public void close() {
        stopping = true;
        if (poller != null) {
            joinPoller(poller);
        }
        driver.close();
        pool.close();
    }

    private static void joinPoller(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while the back-end stops", e);
        }
    }
}
