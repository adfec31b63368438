// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.crypto;

import io.vhost4j.crypto.VhostCrypto;
import io.vhost4j.examples.cli.Failures;
import io.vhost4j.examples.cli.Idle;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Serves some of the queues of all devices. */
final class QueueThread extends Thread {
    private static final long SLEEP_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long AWAKE_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    private final List<VhostCrypto> devices;
    private final int number;
    private final int count;
    private final boolean busy;
    private final CryptoEvents events;
    private volatile boolean ending;
    private volatile boolean failed;

    /** Thread {@code number} of {@code count}: the queues with numbers that differ from its own by a multiple of the count are its. */
    QueueThread(List<VhostCrypto> devices, int number, int count, boolean busy, CryptoEvents events) {
        super("crypto-" + number);
        setDaemon(true);
        this.devices = devices;
        this.number = number;
        this.count = count;
        this.busy = busy;
        this.events = events;
    }

    boolean hasFailed() {
        return failed;
    }

    @Override
    public void run() {
        Idle idle = new Idle();
        try {
            while (!ending) {
                if (round() > 0) {
                    idle.busy();
                    continue;
                }
                idle.pause();
                if (!busy && idle.nanos() > AWAKE_NANOS) {
                    LockSupport.parkNanos(SLEEP_NANOS);
                }
            }
        } catch (RuntimeException e) {
            failed = true;
            events.error(getName() + ": " + Failures.oneLine(e));
        }
    }

    private int round() {
        int moved = 0;
        for (VhostCrypto device : devices) {
            int rings = device.device().getVringNum();
            for (int queue = number; queue < rings; queue += count) {
                moved += device.poll(queue);
            }
        }
        return moved;
    }

    /** Ends the thread and waits for its end. */
    void end() {
        ending = true;
        boolean interrupted = false;
        while (isAlive()) {
            try {
                join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
