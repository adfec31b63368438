// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import io.vhost4j.packet.Packet;
import io.vhost4j.virtiouser.VirtioUser;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Front-ends at one socket that come and go at random, and exchange bursts while they are there: every frame must come back to the queue
 * pair that sent it, in order and unchanged. For one thread.
 */
final class SoakFrontEnds implements AutoCloseable {
    private static final int PAIRS = 2;
    private static final int RING_SIZE = 64;
    private static final int BURST = 32;
    private static final int LEAVE_ONE_OF = 12;
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Path socket;
    private final Random random;
    private final @Nullable VirtioUser[] users;
    private final NumberedFrames frames = new NumberedFrames();
    private final @Nullable Packet[] packets = new Packet[BURST];
    private long next = 1;
    private long connections;
    private long exchanged;

    SoakFrontEnds(Path socket, int count, long seed) {
        this.socket = socket;
        random = new Random(seed);
        users = new VirtioUser[count];
    }

    /** Connections made so far. */
    long connections() {
        return connections;
    }

    /** Frames that went there and back so far. */
    long exchanged() {
        return exchanged;
    }

    /** One front-end comes, or exchanges a burst, or leaves. */
    void step() {
        int number = random.nextInt(users.length);
        VirtioUser user = users[number];
        if (user == null) {
            users[number] = connect();
        } else if (random.nextInt(LEAVE_ONE_OF) == 0) {
            users[number] = null;
            user.close();
        } else {
            exchange(user, random.nextInt(PAIRS), 1 + random.nextInt(BURST));
        }
    }

    private VirtioUser connect() {
        VirtioUser user = VirtioUser.builder(socket)
                .queuePairs(PAIRS)
                .queueSize(RING_SIZE)
                .packed(random.nextBoolean())
                .inflight(random.nextBoolean())
                .eventIdx(random.nextBoolean())
                .bufferCount(PAIRS * RING_SIZE * 2 + 4 * BURST)
                .connectTimeout(LIMIT)
                .connect();
        connections++;
        return user;
    }

    private void exchange(VirtioUser user, int pair, int count) {
        long first = next;
        for (int i = 0; i < count; i++) {
            packets[i] = Objects.requireNonNull(frames.make(user.pool(), next, NumberedFrames.length(next)));
            next++;
        }
        int sent = 0;
        int back = 0;
        long end = System.nanoTime() + LIMIT.toNanos();
        while (back < count) {
            int done = sent < count ? user.transmit(pair, packets, sent, count - sent) : 0;
            sent += done;
            int got = receive(user, pair, first + back);
            back += got;
            if (done + got == 0) {
                if (System.nanoTime() - end > 0) {
                    throw new AssertionError(sent + " frames sent, " + back + " back within " + LIMIT);
                }
                Thread.yield();
            }
        }
        user.reclaim(pair);
        exchanged += count;
    }

    private int receive(VirtioUser user, int pair, long expected) {
        @Nullable Packet[] received = new Packet[BURST];
        int count = user.receive(pair, received, 0, BURST);
        for (int i = 0; i < count; i++) {
            Packet packet = Objects.requireNonNull(received[i]);
            long number = frames.check(packet);
            packet.free();
            if (number != expected + i) {
                throw new AssertionError("frame " + number + " came, expected was " + (expected + i));
            }
        }
        return count;
    }

    /** All leave. */
    @Override
    public void close() {
        for (int i = 0; i < users.length; i++) {
            VirtioUser user = users[i];
            users[i] = null;
            if (user != null) {
                user.close();
            }
        }
    }
}
