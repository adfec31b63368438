// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.net.NetSteps;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.PacketFlags;
import io.vhost4j.packet.PacketPool;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What becomes of the header before a packet that a guest sends, and of its statistics. Times are for one packet. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class HeaderBenchmark {
    private static final int BYTES = 64;
    private static final int ETHERNET_BYTES = 14;
    private static final int IPV4_BYTES = 20;
    private static final int TCP_CSUM_OFFSET = 16;

    private final NetSteps steps = new NetSteps();
    private BufferPool pool;
    private PooledPacket packet;
    private Mapping memory;
    private long header;

    /** A TCP segment whose header asks for a checksum. */
    @Setup(Level.Trial)
    public void start() {
        memory = Mapping.anonymous(4096, Mapping.PROT_READ | Mapping.PROT_WRITE, 0);
        header = memory.address();
        HostWindow.setByte(header + NetHeader.FLAGS, NetHeader.F_NEEDS_CSUM);
        HostWindow.setShort(header + NetHeader.CSUM_START, ETHERNET_BYTES + IPV4_BYTES);
        HostWindow.setShort(header + NetHeader.CSUM_OFFSET, TCP_CSUM_OFFSET);
        pool = new BufferPool(PacketPool.builder().count(64));
        packet = Objects.requireNonNull(pool.allocate());
        packet.append(BYTES);
        packet.setShort(12, 0x0800);
        packet.setByte(ETHERNET_BYTES, (byte) 0x45);
        packet.setByte(ETHERNET_BYTES + 9, (byte) 6);
        packet.setByte(ETHERNET_BYTES + IPV4_BYTES + 12, (byte) 0x50);
    }

    /** Gives all back. */
    @TearDown(Level.Trial)
    public void end() {
        packet.free();
        pool.close();
        memory.close();
    }

    /** What most packets need: a look whether there is anything in the header. */
    @Benchmark
    public boolean look() {
        return HostWindow.getLong(header) != 0;
    }

    /** Believed only where it fits the packet: a private copy, the packet's own headers read. */
    @Benchmark
    public boolean checked() {
        boolean good = steps.applyHeader(header, packet);
        if (packet.l3Length() != IPV4_BYTES) {
            throw new IllegalStateException("header not taken");
        }
        return good;
    }

    /** The same fields set as the guest says: only to show what the checks cost. */
    @Benchmark
    public boolean trusting() {
        int flags = HostWindow.getByte(header + NetHeader.FLAGS);
        int start = HostWindow.getShort(header + NetHeader.CSUM_START);
        if ((flags & NetHeader.F_NEEDS_CSUM) != 0) {
            packet.setHeaderLengths(ETHERNET_BYTES, start - ETHERNET_BYTES, 0);
            packet.setOlFlags(PacketFlags.TX_TCP_CKSUM | PacketFlags.TX_IPV4);
        }
        return true;
    }

    /** Statistics. */
    @Benchmark
    public void count() {
        steps.count(packet);
    }
}
