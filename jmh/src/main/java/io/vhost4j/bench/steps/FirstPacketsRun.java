// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.VhostDriver;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.net.NetOptions;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A fresh process's first packets, after polls that found none: prints the time of each packet in one window of time after the other. What counts
 * is the time inside burst calls only. Arguments: kind of ring, whether to warm up, milliseconds of idle polling, file with the log of deoptimizations.
 *
 * <p>Output: milliseconds of warm-up; deoptimizations in the library from the first packet to the end of the windows; the longest burst in
 * nanoseconds; nanoseconds for each packet in each window, and after a second more.
 */
public final class FirstPacketsRun {
    /** How many windows are reported. */
    static final int WINDOWS = 4;

    private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int BURST = 32;
    private static final int BYTES = 64;

    private final Packet[] packets = new Packet[BURST];
    private final BufferPool pool = new BufferPool(PacketPool.builder().count(4096));
    private final Guest sender;
    private final Guest receiver;
    private final NetQueue fromGuest;
    private final NetQueue toGuest;
    private long longestNanos;

    private FirstPacketsRun(RingLayout layout) {
        sender = new Guest(layout, 0, NetHeader.BYTES + BYTES, 1);
        receiver = new Guest(layout, DescFlags.WRITE, Guest.BUFFER, 1);
        fromGuest = queue(1, sender);
        toGuest = queue(0, receiver);
    }

    private static NetQueue queue(int index, Guest guest) {
        NetQueue queue = new NetQueue(index, new QuietListener(), new NetOptions(true, false, false, false));
        queue.pause();
        queue.start(guest.setup(), guest.memory());
        queue.setEnabled(true);
        queue.setActive(true);
        queue.resume();
        return queue;
    }

    /** Runs. */
    public static void main(String[] args) throws IOException {
        long start = System.nanoTime();
        if (Boolean.parseBoolean(args[1])) {
            VhostDriver.warmUp();
        }
        long warmUpMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        FirstPacketsRun run = new FirstPacketsRun(RingLayout.valueOf(args[0]));
        run.pollNothing(TimeUnit.MILLISECONDS.toNanos(Long.parseLong(args[2])));
        Path log = Path.of(args[3]);
        long logged = Files.size(log);
        double[] windows = new double[WINDOWS];
        for (int i = 0; i < WINDOWS; i++) {
            windows[i] = run.window(WINDOW_NANOS);
        }
        long longest = run.longestNanos;
        long deoptimizations = deoptimizations(log, logged);
        run.window(TimeUnit.SECONDS.toNanos(1));
        PrintStream out = System.out;
        out.print(warmUpMillis + " " + deoptimizations + " " + longest);
        for (double window : windows) {
            out.printf(" %.1f", window);
        }
        out.printf(" %.1f%n", run.window(TimeUnit.SECONDS.toNanos(1)));
    }

    private static long deoptimizations(Path log, long from) throws IOException {
        String text = Files.readString(log);
        return text.substring((int) from)
                .lines()
                .filter(line -> line.contains("io.vhost4j.core") || line.contains("io/vhost4j/core"))
                .count();
    }

    private void pollNothing(long nanos) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < nanos) {
            if (fromGuest.dequeueBurst(pool, packets, 0, BURST) != 0) {
                throw new IllegalStateException("packets from a guest that has sent none");
            }
        }
    }

    /** Moves packets for so long; returns nanoseconds of burst calls for each. */
    private double window(long nanos) {
        long begin = System.nanoTime();
        long busy = 0;
        long moved = 0;
        for (int turn = 0; System.nanoTime() - begin < nanos; turn++) {
            // as traffic is: full bursts, shorter ones, and now and then none
            int count = (turn & 3) == 3 ? turn >> 2 & 15 : BURST;
            sender.provide(count);
            receiver.provide(count);
            long start = System.nanoTime();
            int taken = fromGuest.dequeueBurst(pool, packets, 0, BURST);
            int given = toGuest.enqueueBurst(packets, 0, taken);
            pool.freeBulk(packets, 0, taken);
            long burst = System.nanoTime() - start;
            if (taken != count || given != count) {
                throw new IllegalStateException(taken + " taken, " + given + " given");
            }
            busy += burst;
            moved += count;
            longestNanos = Math.max(longestNanos, burst);
        }
        return (double) busy / moved;
    }
}
