// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.demo;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.examples.cli.CommandFailure;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for the front-end's device, and lets it go only when its user has left it. */
final class DemoBackend implements VhostDeviceOps {
    private static final long TIMEOUT_SECONDS = 10;

    private final CompletableFuture<VhostDevice> device = new CompletableFuture<>();
    private final CountDownLatch left = new CountDownLatch(1);
    private volatile boolean leaving;

    @Override
    public void newDevice(VhostDevice fresh) {
        device.complete(fresh);
    }

    @Override
    public void destroyDevice(VhostDevice old) {
        leaving = true;
        boolean interrupted = false;
        while (left.getCount() > 0) {
            try {
                left.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether the device is going away. */
    boolean isLeaving() {
        return leaving;
    }

    /** The device is not used any more. */
    void leave() {
        left.countDown();
    }

    /** Waits for the device. */
    VhostDevice await() throws InterruptedException {
        try {
            return device.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new CommandFailure("the back-end saw no device within " + TIMEOUT_SECONDS + " s", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
