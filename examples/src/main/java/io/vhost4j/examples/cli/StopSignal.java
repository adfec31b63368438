// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ends a command in good order. Whoever wants the end (a signal, a reached count, a failure) calls {@link #request}; the command notices
 * and cleans up.
 */
public final class StopSignal {
    private static final long CLEAN_UP_SECONDS = 20;
    private static final int FAILURE = 1;

    private final CountDownLatch requested = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile int exitCode;

    /** Not requested yet. */
    public StopSignal() {}

    /**
     * Makes SIGINT and SIGTERM request the end. The process then lasts until {@link #finished} and ends with that exit code, not with the
     * virtual machine's 130 or 143.
     */
    public void handleSignals(Output output) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> onShutdown(output), "vhost4j-stop"));
    }

    /** Asks the command to end. Asking again does nothing. */
    public void request() {
        requested.countDown();
    }

    /** Whether the end was asked for; cheap enough for poll loops. */
    public boolean isRequested() {
        return requested.getCount() == 0;
    }

    /**
     * Waits for the request.
     *
     * @return whether it came within {@code nanos}
     */
    public boolean await(long nanos) throws InterruptedException {
        return requested.await(nanos, TimeUnit.NANOSECONDS);
    }

    /** Says that the command has cleaned up and written all it had to. */
    public void finished(int code) {
        exitCode = code;
        finished.countDown();
    }

    private void onShutdown(Output output) {
        if (finished.getCount() == 0) {
            return; // the command ended by itself and asked for this exit, with its own code
        }
        request();
        int code = FAILURE;
        try {
            if (finished.await(CLEAN_UP_SECONDS, TimeUnit.SECONDS)) {
                code = exitCode;
            } else {
                output.complain("vhost4j: cleaning up took more than " + CLEAN_UP_SECONDS + " s: ended without it");
            }
        } catch (InterruptedException e) {
            output.complain("vhost4j: interrupted while cleaning up");
        }
        Runtime.getRuntime().halt(code);
    }
}
