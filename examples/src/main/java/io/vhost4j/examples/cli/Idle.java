// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

/** What a poll loop does in rounds that found nothing. For one thread. */
public final class Idle {
    private static final int SPINS = 200;

    private int spins;
    private long since;

    /** Busy so far. */
    public Idle() {}

    /** The round found something. */
    public void busy() {
        spins = 0;
    }

    /** The round found nothing: lets the peer go on, and where CPUs are few, others. */
    public void pause() {
        if (spins == 0) {
            since = System.nanoTime();
        }
        if (spins < SPINS) {
            spins++;
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    /** Nanoseconds since the last round that found something; 0 if the last round did. */
    public long nanos() {
        return spins == 0 ? 0 : System.nanoTime() - since;
    }
}
