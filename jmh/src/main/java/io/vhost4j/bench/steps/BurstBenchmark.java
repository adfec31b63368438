// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.net.NetOptions;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The burst calls as an application makes them, with the guest in the same thread. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class BurstBenchmark {
    private static final int BURST = 32;
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    /** Layout of the rings. */
    @Param
    public RingLayout layout;

    /** Length of a packet. */
    @Param({"64", "256", "1518"})
    public int bytes;

    /** Whether rings count. */
    @Param({"true", "false"})
    public boolean statistics;

    private final Packet[] packets = new Packet[BURST];
    private final Packet[] received = new Packet[BURST];
    private BufferPool pool;
    private Guest receiver;
    private Guest sender;
    private NetQueue toGuest;
    private NetQueue fromGuest;

    /** Two rings and packets for one of them. */
    @Setup(Level.Trial)
    public void start() {
        pool = new BufferPool(PacketPool.builder().count(4096));
        receiver = new Guest(layout, DescFlags.WRITE, Guest.BUFFER, 1);
        sender = new Guest(layout, 0, NetHeader.BYTES + bytes, 1);
        toGuest = queue(RECEIVE, receiver);
        fromGuest = queue(TRANSMIT, sender);
        pool.allocateBulk(packets, 0, BURST);
        for (Packet packet : packets) {
            packet.append(bytes);
        }
    }

    private NetQueue queue(int index, Guest guest) {
        NetQueue queue = new NetQueue(index, new QuietListener(), new NetOptions(statistics, false, false, false));
        queue.pause();
        queue.start(guest.setup(), guest.memory());
        queue.setEnabled(true);
        queue.setActive(true);
        queue.resume();
        return queue;
    }

    /** Gives everything back. */
    @TearDown(Level.Trial)
    public void end() {
        pool.freeBulk(packets, 0, BURST);
        pool.close();
        receiver.close();
        sender.close();
    }

    private static void require(int moved) {
        if (moved != BURST) {
            throw new IllegalStateException(moved + " packets moved, not " + BURST);
        }
    }

    /** The guest receives; the same packets again and again. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public void enqueue() {
        receiver.provide(BURST);
        require(toGuest.enqueueBurst(packets, 0, BURST));
    }

    /** The guest sends; packets are allocated and freed. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public void dequeueAndFree() {
        sender.provide(BURST);
        require(fromGuest.dequeueBurst(pool, received, 0, BURST));
        pool.freeBulk(received, 0, BURST);
    }

    /** Both: what a forwarder does with a packet. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public void forward() {
        sender.provide(BURST);
        receiver.provide(BURST);
        require(fromGuest.dequeueBurst(pool, received, 0, BURST));
        require(toGuest.enqueueBurst(received, 0, BURST));
        pool.freeBulk(received, 0, BURST);
    }

    /** A poll that finds nothing. */
    @Benchmark
    public int emptyPoll() {
        return fromGuest.dequeueBurst(pool, received, 0, BURST);
    }
}
