// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.DriverCounters;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what happens on a socket; see {@link DriverCounters} for each. Any thread. */
public final class Counters {
    private final AtomicLong connectionsAccepted = new AtomicLong();
    private final AtomicLong connectionsRefused = new AtomicLong();
    private final AtomicLong sessionsEndedByPeer = new AtomicLong();
    private final AtomicLong sessionsEndedByError = new AtomicLong();
    private final AtomicLong requestsRefused = new AtomicLong();
    private final AtomicLong ringsBroken = new AtomicLong();
    private final AtomicLong limitsExceeded = new AtomicLong();
    private final AtomicLong vdpaFailures = new AtomicLong();

    /** All zero. */
    public Counters() {}

    /** A connection was taken. */
    public void connectionAccepted() {
        connectionsAccepted.incrementAndGet();
    }

    /** A connection was closed because there were too many. */
    public void connectionRefused() {
        connectionsRefused.incrementAndGet();
    }

    void sessionEndedByPeer() {
        sessionsEndedByPeer.incrementAndGet();
    }

    void sessionEndedByError() {
        sessionsEndedByError.incrementAndGet();
    }

    void requestRefused() {
        requestsRefused.incrementAndGet();
    }

    void ringBroken() {
        ringsBroken.incrementAndGet();
    }

    /** A limit was met. */
    public void limitExceeded() {
        limitsExceeded.incrementAndGet();
    }

    void vdpaFailure() {
        vdpaFailures.incrementAndGet();
    }

    /** The values now. */
    public DriverCounters snapshot() {
        return new DriverCounters(
                connectionsAccepted.get(),
                connectionsRefused.get(),
                sessionsEndedByPeer.get(),
                sessionsEndedByError.get(),
                requestsRefused.get(),
                ringsBroken.get(),
                limitsExceeded.get(),
                vdpaFailures.get());
    }
}
