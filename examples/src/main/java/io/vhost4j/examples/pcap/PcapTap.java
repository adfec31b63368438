// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pcap;

import io.vhost4j.examples.wire.Counter;
import io.vhost4j.packet.Packet;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One thread's way into a capture. Never waits; for one thread. */
public final class PcapTap {
    private final PcapWriter writer;
    private final Counter dropped = new Counter();
    private final long clockOffset = wallNanos() - System.nanoTime();
    private @Nullable PcapChunk chunk;

    PcapTap(PcapWriter writer) {
        this.writer = writer;
    }

    /**
     * Records packets; they stay the caller's.
     *
     * @param port the interface's number
     * @param fromGuest whether they came from the guest, or else go to it
     */
    public void record(int port, boolean fromGuest, Packet[] packets, int from, int count) {
        long nanos = System.nanoTime() + clockOffset;
        for (int i = from; i < from + count; i++) {
            if (!record(port, fromGuest, nanos, packets[i])) {
                dropped.add(1);
            }
        }
    }

    /** Hands over what was recorded, so that it reaches the file soon. */
    public void flush() {
        PcapChunk last = chunk;
        if (last != null && !last.isEmpty()) {
            writer.giveFull(last);
            chunk = null;
        }
    }

    long dropped() {
        return dropped.get();
    }

    private static long wallNanos() {
        Instant now = Instant.now();
        return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    }

    private boolean record(int port, boolean fromGuest, long nanos, Packet packet) {
        PcapChunk current = chunk;
        if (current != null && current.add(port, fromGuest, nanos, packet)) {
            return true;
        }
        flush();
        if (chunk == null) {
            chunk = writer.takeEmpty();
        }
        current = chunk;
        return current != null && current.add(port, fromGuest, nanos, packet);
    }
}
