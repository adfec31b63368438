// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.async.CompletedPackets;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.async.DmaEngine;
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

/**
 * What a packet to the guest costs the thread that polls, which does nothing else: with the CPU copying, and with a channel. {@code free} is
 * an engine that takes no time at all, and copies nothing: what is left is the least that any engine leaves to do.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class AsyncBenchmark {
    private static final int PACKETS = 32;
    private static final int MOST_CHAINS = Guest.SIZE / 2;

    /** Layout of the ring. */
    @Param
    public RingLayout layout;

    /** Length of a packet; in the guest it goes over buffers of 2048 bytes. */
    @Param({"1518", "4096", "65536"})
    public int bytes;

    /** Who copies. */
    @Param({"sync", "cpu", "thread", "free"})
    public String path;

    private final Packet[] packets = new Packet[PACKETS];
    private final CompletedPackets back = new CompletedPackets(1024);
    private BufferPool pool;
    private Guest guest;
    private NetQueue queue;
    private int burst;
    private int chainsEach;
    private DmaEngine engine;
    private DmaChannel channel;

    /** A ring, packets, and a channel. */
    @Setup(Level.Trial)
    public void start() {
        chainsEach = Math.ceilDiv(NetHeader.BYTES + bytes, Guest.BUFFER);
        burst = Math.min(PACKETS, MOST_CHAINS / chainsEach);
        pool = new BufferPool(PacketPool.builder().count(64).dataRoom(65536));
        guest = new Guest(layout, DescFlags.WRITE, Guest.BUFFER, 1);
        queue = new NetQueue(0, new QuietListener(), new NetOptions(true, false, false, false));
        queue.pause();
        queue.start(guest.setup(), guest.memory());
        queue.setEnabled(true);
        queue.setActive(true);
        queue.resume();
        pool.allocateBulk(packets, 0, PACKETS);
        for (Packet packet : packets) {
            packet.append(bytes);
        }
        if (!path.equals("sync")) {
            engine = path.equals("free") ? null : DmaEngine.open(path);
            channel = engine == null ? new FreeChannel() : engine.openChannel();
            queue.async().register(AsyncFeatures.DEFAULT, channel);
        }
    }

    /** Gives everything back. */
    @TearDown(Level.Trial)
    public void end() {
        while (queue.async().clear(back) > 0) {
            back.clear();
        }
        queue.async().end();
        if (channel != null) {
            channel.close();
        }
        if (engine != null) {
            engine.close();
        }
        pool.freeBulk(packets, 0, PACKETS);
        pool.close();
        guest.close();
    }

    /** The guest receives; the same packets again and again, as many at a time as the ring has room for. */
    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public void enqueue() {
        for (int at = 0; at < PACKETS; at += burst) {
            int count = Math.min(burst, PACKETS - at);
            while ((queue.async().inflight() + count) * chainsEach > Guest.SIZE) {
                queue.async().poll(back);
                back.clear();
            }
            guest.provide(count * chainsEach);
            int done = channel == null
                    ? queue.enqueueBurst(packets, at, count)
                    : queue.async().submit(packets, at, count, back);
            back.clear();
            if (done != count) {
                throw new IllegalStateException(done + " packets moved, not " + count);
            }
        }
    }
}
