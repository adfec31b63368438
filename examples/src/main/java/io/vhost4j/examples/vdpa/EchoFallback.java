// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.vdpa;

import io.vhost4j.VhostDevice;
import io.vhost4j.examples.cli.Idle;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.concurrent.atomic.AtomicLong;

/** Serves rings while no vDPA device does: sends a guest its own packets back. */
final class EchoFallback implements AutoCloseable {
    private static final int BURST = 32;
    private static final int BUFFERS = 4096;

    private final PacketPool pool = PacketPool.builder().count(BUFFERS).build();
    private final AtomicLong echoed = new AtomicLong();
    private volatile boolean running;
    private volatile Thread poller = new Thread();

    void begin(VhostDevice device) {
        running = true;
        Thread thread = new Thread(() -> poll(device), "vdpa-fallback-" + device.vid());
        thread.setDaemon(true);
        poller = thread;
        thread.start();
    }

    /** When this returns, no burst call is made any more. */
    void end() {
        running = false;
        while (poller.isAlive()) {
            Thread.onSpinWait(); // a burst at most
        }
    }

    long echoed() {
        return echoed.get();
    }

    private void poll(VhostDevice device) {
        Packet[] burst = new Packet[BURST];
        Idle idle = new Idle();
        while (running) {
            int moved = 0;
            for (int ring = 1; ring < device.getVringNum(); ring += 2) {
                int count = device.dequeueBurst(ring, pool, burst, 0, BURST);
                int done = 0;
                while (done < count && running) {
                    int more = device.enqueueBurst(ring - 1, burst, done, count - done);
                    done += more;
                    if (more == 0) {
                        idle.pause();
                    }
                }
                pool.freeBulk(burst, 0, count);
                moved += count;
            }
            echoed.addAndGet(moved);
            if (moved > 0) {
                idle.busy();
            } else {
                idle.pause();
            }
        }
    }

    @Override
    public void close() {
        end();
        pool.close();
    }
}
