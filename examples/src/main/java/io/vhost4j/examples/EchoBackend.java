// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples;

import io.vhost4j.PollPacer;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.VhostDriver;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.nio.file.Path;

/** The shortest useful back-end: sends a guest its own packets back. {@code EchoBackend /tmp/vhost.sock} */
public final class EchoBackend implements VhostDeviceOps {
    private final PacketPool pool = PacketPool.builder().count(4096).build();
    private volatile Thread poller = new Thread();
    private volatile boolean running;

    private EchoBackend() {}

    /**
     * Serves one socket until the process is ended.
     *
     * @param args the socket's path
     */
    public static void main(String[] args) throws InterruptedException {
        VhostDriver driver = VhostDriver.register(Path.of(args[0]));
        driver.callbackRegister(new EchoBackend());
        driver.start();
        Thread.currentThread().join();
    }

    @Override
    public void newDevice(VhostDevice device) {
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
    }

    private void poll(VhostDevice device) {
        Packet[] burst = new Packet[32];
        PollPacer pacer = new PollPacer();
        while (running) {
            int count = device.dequeueBurst(1, pool, burst, 0, burst.length); // ring 1: what the guest sends
            device.enqueueBurst(0, burst, 0, count); // ring 0: what the guest receives
            pool.freeBulk(burst, 0, count);
            pacer.round(count, burst.length); // leaves a guest alone that has nothing more
        }
    }
}
