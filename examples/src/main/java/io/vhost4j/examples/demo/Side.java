// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.demo;

import io.vhost4j.examples.cli.Idle;
import io.vhost4j.examples.wire.TrafficSink;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One end of the demo: a thread that sends a number of packets and receives as many, each checked. */
abstract sealed class Side permits BackSide, FrontSide {
    static final int BURST = 32;

    private static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final TrafficSink sink;
    private final long packets;
    private final BooleanSupplier ending;
    private final Thread thread;
    private volatile @Nullable Throwable failure;

    Side(String name, TrafficSink sink, long packets, BooleanSupplier ending) {
        this.sink = sink;
        this.packets = packets;
        this.ending = ending;
        thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    /** Moves packets until all are sent and received, or {@link #shallEnd}. */
    abstract void loop();

    /** Frees what is left over. */
    abstract void leave();

    TrafficSink sink() {
        return sink;
    }

    long packets() {
        return packets;
    }

    /** What ended the thread before its time, or null. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    void start() {
        thread.start();
    }

    void join() throws InterruptedException {
        thread.join();
    }

    /** Whether as many packets as expected came, good or bad. */
    boolean hasAll() {
        return sink.good() + sink.bad() >= packets;
    }

    /** Whether to give up: the end is requested, or nothing moved for long. Asked after rounds without packets. */
    boolean shallEnd(Idle idle) {
        return ending.getAsBoolean() || idle.nanos() > STALL_NANOS;
    }

    private void run() {
        try {
            loop();
        } catch (RuntimeException | Error e) {
            failure = e;
        } finally {
            leave();
        }
    }
}
