// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.demo;

import io.vhost4j.DriverFlag;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDriver;
import io.vhost4j.examples.cli.Failures;
import io.vhost4j.examples.cli.Pace;
import io.vhost4j.examples.cli.StopSignal;
import io.vhost4j.examples.wire.TrafficSink;
import io.vhost4j.examples.wire.TrafficSource;
import io.vhost4j.packet.PacketPool;
import io.vhost4j.virtiouser.VirtioUser;
import java.nio.file.Path;
import java.util.Arrays;

/** One kind of ring, from the first connection to the last packet. */
final class DemoRun {
    private static final int QUEUE_SIZE = 1024;
    private static final int BUFFERS = 8192;
    private static final long HOST_MAC = 0x02_00_00_00_00_01L;
    private static final long GUEST_MAC = 0x02_00_00_00_00_02L;
    private static final int GUEST_TO_HOST = 1;
    private static final int HOST_TO_GUEST = 2;

    private static final int PERIOD = 256;
    private static final int SHORT = 64;
    private static final int MEDIUM = 256;
    private static final int FULL = 1518;
    private static final int CHAINED = 9000;

    private final Path socket;
    private final boolean packed;
    private final long packets;
    private final StopSignal stop;

    DemoRun(Path socket, boolean packed, long packets, StopSignal stop) {
        this.socket = socket;
        this.packed = packed;
        this.packets = packets;
        this.stop = stop;
    }

    /** Three of four packets are short, some are of full size, one of 256 is so large that it is chained. */
    static int[] lengths() {
        int[] lengths = new int[PERIOD];
        Arrays.setAll(lengths, i -> {
            if (i == PERIOD - 1) {
                return CHAINED;
            }
            return i % 32 == 16 ? FULL : i % 4 == 3 ? MEDIUM : SHORT;
        });
        return lengths;
    }

    /** Moves the packets, both ways at once, and says how it went. */
    DemoResult run(DemoReport report) throws InterruptedException {
        try (PacketPool pool = PacketPool.builder().count(BUFFERS).build();
                VhostDriver driver = VhostDriver.register(socket, DriverFlag.NET_STATS_ENABLE)) {
            DemoBackend callbacks = new DemoBackend();
            driver.callbackRegister(callbacks);
            driver.start();
            try (VirtioUser front = connect()) {
                return exchange(report, pool, front, callbacks);
            } finally {
                callbacks.leave();
            }
        }
    }

    private VirtioUser connect() {
        return VirtioUser.builder(socket)
                .packed(packed)
                .queueSize(QUEUE_SIZE)
                .reconnect(false)
                .connect();
    }

    private DemoResult exchange(DemoReport report, PacketPool pool, VirtioUser front, DemoBackend callbacks)
            throws InterruptedException {
        VhostDevice device = callbacks.await();
        StopSignal done = new StopSignal();
        BackSide back = new BackSide(
                device,
                pool,
                new TrafficSource(pool, HOST_TO_GUEST, GUEST_MAC, HOST_MAC, lengths()),
                new TrafficSink(GUEST_TO_HOST),
                packets,
                callbacks,
                stop::isRequested);
        FrontSide guest = new FrontSide(
                front,
                new TrafficSource(front.pool(), GUEST_TO_HOST, HOST_MAC, GUEST_MAC, lengths()),
                new TrafficSink(HOST_TO_GUEST),
                packets,
                stop::isRequested);
        report.begin(packed, back.sink(), guest.sink());
        back.start();
        guest.start();
        Thread watcher = new Thread(() -> awaitBoth(back, guest, done), "vhost4j-demo-watch");
        watcher.start();
        Pace.run(done, 1, 0, report::statistics);
        watcher.join();
        return result(report, back, guest, pool);
    }

    private static void awaitBoth(Side back, Side guest, StopSignal done) {
        try {
            back.join();
            guest.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            done.request();
        }
    }

    private DemoResult result(DemoReport report, Side back, Side guest, PacketPool pool) {
        String fault = "";
        for (Side side : new Side[] {back, guest}) {
            Throwable failure = side.failure();
            if (failure != null) {
                fault = Failures.oneLine(failure);
            } else if (!side.sink().firstFault().isEmpty()) {
                fault = side.sink().firstFault();
            }
        }
        if (fault.isEmpty() && pool.inUse() != 0) {
            fault = pool.inUse() + " buffers were not given back";
        }
        return report.end(packets, fault);
    }
}
