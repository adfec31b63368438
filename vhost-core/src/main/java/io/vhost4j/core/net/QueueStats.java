// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.Packet;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A ring's counters, with DPDK's names. Written by the thread in the ring, read by any. */
final class QueueStats {
    /** The counters, in DPDK's order; those in the second part are ours. */
    enum Counter {
        GOOD_PACKETS,
        GOOD_BYTES,
        MULTICAST_PACKETS,
        BROADCAST_PACKETS,
        UNDERSIZE_PACKETS,
        SIZE_64_PACKETS,
        SIZE_65_127_PACKETS,
        SIZE_128_255_PACKETS,
        SIZE_256_511_PACKETS,
        SIZE_512_1023_PACKETS,
        SIZE_1024_1518_PACKETS,
        SIZE_1519_MAX_PACKETS,
        GUEST_NOTIFICATIONS,
        GUEST_NOTIFICATIONS_OFFLOADED,
        GUEST_NOTIFICATIONS_ERROR,
        GUEST_NOTIFICATIONS_SUPPRESSED,
        IOTLB_HITS,
        IOTLB_MISSES,
        INFLIGHT_SUBMITTED,
        INFLIGHT_COMPLETED,
        MBUF_ALLOC_FAILED,
        MALFORMED_CHAINS,
        OVERSIZE_PACKETS,
        DISCARDED_PACKETS,
        RING_FAULTS,
        ASYNC_CPU_COPIES,
        ASYNC_CHANNEL_FAULTS,
        ASYNC_EARLY_FREES
    }

    private static final VarHandle VALUES = MethodHandles.arrayElementVarHandle(long[].class);
    private static final Counter[] COUNTERS = Counter.values();
    private static final int MIN_FRAME = 64;
    private static final int MAX_FRAME = 1518;
    /** The 6 bytes of the broadcast address. */
    private static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

    private final long[] values = new long[COUNTERS.length];

    /** Names for the queue: {@code rx_q} and {@code tx_q} as the host sees it. */
    static List<String> names(int queue) {
        String prefix = ((queue & 1) == 0 ? "tx_q" : "rx_q") + queue / 2 + "_";
        return Arrays.stream(COUNTERS)
                .map(counter -> prefix + counter.name().toLowerCase(Locale.ROOT))
                .toList();
    }

    void add(Counter counter, long amount) {
        values[counter.ordinal()] += amount;
    }

    void set(Counter counter, long amount) {
        values[counter.ordinal()] = amount;
    }

    /** Counts a packet by its size and by its destination. */
    void countPacket(PooledPacket packet) {
        long[] v = values;
        int bytes = packet.packetLength();
        v[Counter.GOOD_PACKETS.ordinal()]++;
        v[Counter.GOOD_BYTES.ordinal()] += bytes;
        v[sizeBin(bytes)]++;
        countDestination(packet);
    }

    /** As {@link #countPacket} for each of {@code count} packets. */
    void countBurst(@Nullable Packet[] packets, int from, int count) {
        for (int i = from; i < from + count; i++) {
            countPacket((PooledPacket) Objects.requireNonNull(packets[i]));
        }
    }

    /** Counts {@code count} packets by their sizes, which are the numbers in {@code bytes} less {@code skipped}. */
    void countSizes(int[] bytes, int skipped, int count) {
        if (count == 0) {
            return;
        }
        long sum = 0;
        int differing = 0;
        int first = bytes[0];
        for (int i = 0; i < count; i++) {
            sum += bytes[i];
            differing |= bytes[i] ^ first;
        }
        long[] v = values;
        v[Counter.GOOD_PACKETS.ordinal()] += count;
        v[Counter.GOOD_BYTES.ordinal()] += sum - (long) skipped * count;
        if (differing == 0) {
            v[sizeBin(first - skipped)] += count;
        } else {
            for (int i = 0; i < count; i++) {
                v[sizeBin(bytes[i] - skipped)]++;
            }
        }
    }

    /** Counts packets by their destinations. Only those with an odd first byte go to more than one station. */
    void countDestinations(@Nullable Packet[] packets, int from, int count) {
        for (int i = from; i < from + count; i++) {
            countDestination((PooledPacket) Objects.requireNonNull(packets[i]));
        }
    }

    private void countDestination(PooledPacket packet) {
        long data = packet.dataAddress();
        if (packet.dataLength() >= Long.BYTES && (HostWindow.getByte(data) & 1) != 0) {
            boolean broadcast = (HostWindow.getLong(data) & BROADCAST) == BROADCAST;
            add(broadcast ? Counter.BROADCAST_PACKETS : Counter.MULTICAST_PACKETS, 1);
        }
    }

    private static int sizeBin(int bytes) {
        if (bytes == MIN_FRAME) {
            return Counter.SIZE_64_PACKETS.ordinal();
        }
        if (bytes < MIN_FRAME) {
            return Counter.UNDERSIZE_PACKETS.ordinal();
        }
        if (bytes < 1024) {
            // one bin for each power of two from 64 on
            return Counter.SIZE_65_127_PACKETS.ordinal() + (31 - Integer.numberOfLeadingZeros(bytes)) - 6;
        }
        return (bytes <= MAX_FRAME ? Counter.SIZE_1024_1518_PACKETS : Counter.SIZE_1519_MAX_PACKETS).ordinal();
    }

    int read(long[] target) {
        int count = Math.min(target.length, values.length);
        for (int i = 0; i < count; i++) {
            target[i] = (long) VALUES.getOpaque(values, i);
        }
        return count;
    }

    void reset() {
        for (int i = 0; i < values.length; i++) {
            VALUES.setOpaque(values, i, 0L);
        }
    }
}
