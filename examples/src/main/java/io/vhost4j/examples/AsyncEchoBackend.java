// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples;

import io.vhost4j.DriverFlag;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.VhostDriver;
import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.async.DmaEngine;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.nio.file.Path;

/** {@link EchoBackend} with an engine that copies: {@code AsyncEchoBackend /tmp/vhost.sock thread}. */
public final class AsyncEchoBackend implements VhostDeviceOps {
    private final PacketPool pool = PacketPool.builder().count(4096).build();
    private final DmaEngine engine;
    private final DmaChannel[] channels = new DmaChannel[2];
    private volatile Thread poller = new Thread();
    private volatile boolean running;

    private AsyncEchoBackend(DmaEngine engine) {
        this.engine = engine;
    }

    /**
     * Serves one socket until the process is ended.
     *
     * @param args the socket's path and the engine's name
     */
    public static void main(String[] args) throws InterruptedException {
        VhostDriver driver = VhostDriver.register(Path.of(args[0]), DriverFlag.ASYNC_COPY);
        driver.callbackRegister(new AsyncEchoBackend(DmaEngine.open(args[1])));
        driver.start();
        Thread.currentThread().join();
    }

    @Override
    public void newDevice(VhostDevice device) {
        for (int ring = 0; ring < channels.length; ring++) {
            channels[ring] = engine.openChannel();
            device.asyncChannelRegister(ring, AsyncFeatures.DEFAULT.withPools(pool), channels[ring]);
        }
        running = true;
        poller = new Thread(() -> poll(device), "echo-" + device.vid());
        poller.start();
    }

    @Override
    public void destroyDevice(VhostDevice device) {
        running = false;
        while (poller.isAlive()) {
            Thread.onSpinWait(); // the device may go only when nobody polls it; a burst at most
        }
        CompletedPackets rest = new CompletedPackets(256);
        for (int ring = 0; ring < channels.length; ring++) {
            while (device.clearQueue(ring, rest) > 0) { // what is still being copied
                rest.free();
            }
            device.asyncChannelUnregister(ring);
            channels[ring].close();
        }
    }

    private void poll(VhostDevice device) {
        Packet[] burst = new Packet[32];
        CompletedPackets sent = new CompletedPackets(256);
        while (running) {
            int count = device.asyncTryDequeueBurst(1, pool, burst, 0, burst.length);
            int submitted = device.submitEnqueueBurst(0, burst, 0, count, sent); // ours again when they come back
            pool.freeBulk(burst, submitted, count - submitted);
            device.pollEnqueueCompleted(0, sent);
            sent.free();
        }
    }
}
